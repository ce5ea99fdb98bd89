//! Oracle: RNNoise's own C, for the tests of the denoise plugin.
//!
//! In: frames of 480 samples at 48 kHz, in units of 16 bits. Out: the frames that RNNoise makes of
//! them, the probability of a voice, and the pitch that it decided on.

use std::ffi::{c_float, c_int, c_void};
use std::ptr;
use std::sync::Once;

/// The samples of a frame: 10 ms at 48 kHz.
pub const FRAME: usize = 480;

/// What RNNoise decided about the pitch of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pitch {
    /// The period, in samples.
    pub period_frames: usize,
    /// How periodic the frame is, 0 to 1.
    pub gain: f32,
}

/// A denoiser of one channel. It belongs to whoever made it; any thread may call it.
#[derive(Debug)]
pub struct Oracle(ptr::NonNull<c_void>);

impl Oracle {
    /// A denoiser that has heard nothing, with the model that comes with RNNoise.
    ///
    /// # Panics
    /// When there is no memory for it.
    #[must_use]
    pub fn new() -> Self {
        // RNNoise makes its tables at the first frame, and does not ask whether another thread
        // makes them too.
        static TABLES: Once = Once::new();
        TABLES.call_once(|| {
            Self::create().process(&[0.0; FRAME]);
        });
        Self::create()
    }

    /// The frame before, without its noise, and the probability of a voice in this one.
    pub fn process(&mut self, frame: &[f32; FRAME]) -> ([f32; FRAME], f32) {
        let mut clean = [0.0; FRAME];
        #[expect(unsafe_code, reason = "the oracle is C")]
        // SAFETY: `create` made the state and only `drop` frees it; `&mut self` keeps other calls
        // out; RNNoise reads 480 samples and writes as many, which the two arrays hold.
        let probability =
            unsafe { rnnoise_process_frame(self.0.as_ptr(), clean.as_mut_ptr(), frame.as_ptr()) };
        (clean, probability)
    }

    /// What it decided about the frame that came last.
    #[must_use]
    pub fn pitch(&self) -> Pitch {
        #[expect(unsafe_code, reason = "the oracle is C")]
        // SAFETY: `create` made the state and only `drop` frees it; the call reads one number.
        let period = unsafe { oracle_period(self.0.as_ptr()) };
        #[expect(unsafe_code, reason = "the oracle is C")]
        // SAFETY: as above.
        let gain = unsafe { oracle_gain(self.0.as_ptr()) };
        Pitch {
            period_frames: period.unsigned_abs() as usize,
            gain,
        }
    }

    fn create() -> Self {
        #[expect(unsafe_code, reason = "the oracle is C")]
        // SAFETY: a null pointer asks for the model that comes with it, as `rnnoise.h` says.
        let state = unsafe { rnnoise_create(ptr::null_mut()) };
        Self(ptr::NonNull::new(state).expect("there is memory for some kilobytes"))
    }
}

impl Default for Oracle {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "the oracle is C")]
        // SAFETY: `create` made the state, and nobody has it after this.
        unsafe {
            rnnoise_destroy(self.0.as_ptr());
        }
    }
}

#[expect(unsafe_code, reason = "the oracle is C")]
// SAFETY: as `rnnoise/rnnoise.h` and `src/oracle.c` declare them; a state is passed as a pointer
// to what only they look into.
unsafe extern "C" {
    fn rnnoise_create(model: *mut c_void) -> *mut c_void;
    fn rnnoise_destroy(state: *mut c_void);
    fn rnnoise_process_frame(
        state: *mut c_void,
        clean: *mut c_float,
        frame: *const c_float,
    ) -> c_float;
    fn oracle_period(state: *const c_void) -> c_int;
    fn oracle_gain(state: *const c_void) -> c_float;
}
