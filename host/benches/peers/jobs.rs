//! Jobs: the same work, said in the words of each program.

use std::path::Path;
use std::process::Command;

/// One piece of work.
pub(crate) struct Job {
    /// What it is called here and by `limit`.
    pub(crate) name: &'static str,
    /// How many times the limit Segue may take.
    pub(crate) goal: f64,
    /// Whether audio comes out, not figures only.
    pub(crate) writes: bool,
    /// The configuration for Segue.
    pub(crate) configuration: fn() -> String,
    /// The command line of ffmpeg, from input to output.
    pub(crate) ffmpeg: Option<fn(&Path, &Path) -> Command>,
    /// The command line of sox, from input to output.
    pub(crate) sox: Option<fn(&Path, &Path) -> Command>,
}

/// All of them.
pub(crate) const JOBS: [Job; 4] = [
    Job {
        name: "gain",
        goal: 1.3,
        writes: true,
        configuration: || file(&stage("gain", "segue.gain", "gain_db = -6.0")),
        ffmpeg: Some(|input, output| ffmpeg(input, output, "volume=-6dB")),
        sox: Some(|input, output| sox(input, output, "vol -6dB")),
    },
    Job {
        name: "eq16",
        goal: 1.25,
        writes: true,
        configuration: || file(&stage("eq", "segue.filters", &bands(&peaks(16)))),
        ffmpeg: Some(|input, output| ffmpeg(input, output, &ffmpeg_peaks(16))),
        sox: Some(|input, output| sox(input, output, &sox_peaks(16))),
    },
    Job {
        name: "chain",
        goal: 1.25,
        writes: true,
        configuration: || file(&chain()),
        ffmpeg: Some(|input, output| {
            let filters = format!(
                "highpass=f=80,{},acompressor=threshold=-18dB:ratio=3:attack=10:release=120:\
                 makeup=6dB,alimiter=limit=-1dB:attack=5:release=50:level=false,volume=0dB",
                ffmpeg_peaks(8)
            );
            ffmpeg(input, output, &filters)
        }),
        sox: Some(|input, output| {
            let effects = format!(
                "highpass 80 {} compand 0.01,0.12 6:-60,-60,-18,-18,0,-12 6 -90 0 vol 0dB",
                sox_peaks(8)
            );
            sox(input, output, &effects)
        }),
    },
    Job {
        name: "loudness",
        goal: 1.35,
        writes: false,
        configuration: || {
            "[[tap]]\nid = \"loudness\"\ncomponent = \"segue.loudness\"\nfrom = \"input\"\n"
                .to_owned()
        },
        ffmpeg: Some(|input, _| {
            let mut command = Command::new("ffmpeg");
            command
                .args(["-v", "error", "-nostdin", "-threads", "1", "-i"])
                .arg(input);
            command.args([
                "-af",
                "ebur128=peak=true:framelog=verbose",
                "-f",
                "null",
                "-",
            ]);
            command
        }),
        sox: None,
    },
];

/// A configuration for files: four times the default block, which live runs would hear as delay.
fn file(stages: &str) -> String {
    format!("[stream]\nblock_frames = 1024\n\n{stages}")
}

/// The bands of the equalizer: so many peaks over the audible range, up and down in turn.
fn peaks(count: u32) -> Vec<(f64, f64)> {
    let at = |index: u32| {
        let gain_db = if index.is_multiple_of(2) { 3.0 } else { -3.0 };
        (
            40.0 * 400.0_f64.powf(f64::from(index) / f64::from(count - 1)),
            gain_db,
        )
    };
    (0..count).map(at).collect()
}

fn bands(peaks: &[(f64, f64)]) -> String {
    let band = |(frequency_hz, gain_db): &(f64, f64)| {
        format!(
            "{{ type = \"peak\", frequency_hz = {frequency_hz:.3}, gain_db = {gain_db:.1}, q = 1.0 }}"
        )
    };
    format!(
        "band = [{}]",
        peaks.iter().map(band).collect::<Vec<_>>().join(", ")
    )
}

fn stage(id: &str, component: &str, params: &str) -> String {
    format!("[[stage]]\nid = \"{id}\"\ncomponent = \"{component}\"\n[stage.params]\n{params}\n\n")
}

/// High-pass, equalizer, compressor, limiter, gain.
fn chain() -> String {
    let high_pass = "band = [{ type = \"high-pass\", frequency_hz = 80.0 }]";
    [
        stage("high-pass", "segue.filters", high_pass),
        stage("eq", "segue.filters", &bands(&peaks(8))),
        stage(
            "compressor",
            "segue.dynamics/compressor",
            "threshold_db = -18.0\nratio = 3.0\nattack_ms = 10.0\nrelease_ms = 120.0\nmakeup_db = 6.0",
        ),
        stage("limiter", "segue.dynamics/limiter", "ceiling_dbtp = -1.0\nlookahead_ms = 5.0\nrelease_ms = 50.0"),
        stage("gain", "segue.gain", "gain_db = 0.0"),
    ]
    .concat()
}

fn ffmpeg(input: &Path, output: &Path, filters: &str) -> Command {
    let mut command = Command::new("ffmpeg");
    command
        .args(["-v", "error", "-nostdin", "-y", "-threads", "1", "-i"])
        .arg(input);
    command
        .args(["-filter_threads", "1", "-af", filters, "-c:a", "pcm_s16le"])
        .arg(output);
    command
}

fn sox(input: &Path, output: &Path, effects: &str) -> Command {
    let mut command = Command::new("sox");
    command
        .args(["-V1", "-D"])
        .arg(input)
        .arg(output)
        .args(effects.split_whitespace());
    command
}

fn ffmpeg_peaks(count: u32) -> String {
    let peak = |(frequency_hz, gain_db): &(f64, f64)| {
        format!("equalizer=f={frequency_hz:.3}:t=q:w=1:g={gain_db}")
    };
    peaks(count).iter().map(peak).collect::<Vec<_>>().join(",")
}

fn sox_peaks(count: u32) -> String {
    let peak =
        |(frequency_hz, gain_db): &(f64, f64)| format!("equalizer {frequency_hz:.3} 1q {gain_db}");
    peaks(count).iter().map(peak).collect::<Vec<_>>().join(" ")
}
