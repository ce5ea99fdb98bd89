//! Behind: writes to a sink on a thread of its own, at most two blocks behind.
//!
//! In: a sink whose writing is work. Out: the same file. An error comes with one of the next
//! writes or with the end, with the text that the sink itself gave it; what is complete then is
//! what was complete without the thread: a file under its name only when `finish` says so.

use std::io;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use crate::audio::Buffer;
use crate::io::error::WriteError;
use crate::io::stream::Sink;
use crate::io::written::End;
use crate::io::written::Kept;
use crate::io::written::Written;

/// Blocks in circulation: one that is written while another is filled or waits.
const BLOCKS: usize = 2;

/// What the thread is to do.
enum Task {
    Write(Buffer, usize),
    Flush,
    Finish,
    Keep(End),
}

/// What the thread says.
enum Answer {
    /// A block that can be filled again.
    Spare(Buffer),
    Flushed,
    Finished(Written),
    Kept(Option<Kept>),
    /// It has ended, and the sink with it.
    Failed(WriteError),
}

/// A sink that is written behind.
struct Behind {
    /// Blocks that can be filled.
    spares: Vec<Buffer>,
    /// `None` once the thread is asked to end.
    tasks: Option<Sender<Task>>,
    answers: Receiver<Answer>,
    thread: Option<JoinHandle<()>>,
}

/// Writes to a sink of so many channels behind its user's back, in blocks of at most `frames_max`
/// frames; the sink itself where the system has no thread for it. Dropping what is returned waits
/// for the write that is under way: afterwards nothing unfinished is left.
#[must_use]
pub fn behind(sink: Box<dyn Sink>, channels: usize, frames_max: usize) -> Box<dyn Sink> {
    let (give, take) = channel();
    let (tasks, to_do) = channel();
    let (answer, answers) = channel();
    let thread = Builder::new()
        .name("segue write".to_owned())
        .spawn(move || {
            if let Ok(sink) = take.recv() {
                write(sink, &to_do, &answer);
            }
        });
    let Ok(thread) = thread else {
        return sink;
    };
    let _ = give.send(sink); // The thread waits for it.
    let spare = || Buffer::new(channels, frames_max);
    Box::new(Behind {
        spares: std::iter::repeat_with(spare).take(BLOCKS).collect(),
        tasks: Some(tasks),
        answers,
        thread: Some(thread),
    })
}

/// The thread: writes until all is done, something fails, or nobody asks for more.
fn write(mut sink: Box<dyn Sink>, tasks: &Receiver<Task>, answers: &Sender<Answer>) {
    // Where nobody listens any more, nobody asks for more either, which ends the loop.
    let say = |answer| {
        let _ = answers.send(answer);
    };
    while let Ok(task) = tasks.recv() {
        let result = match task {
            Task::Write(block, frames) => {
                sink.write(&block, 0..frames).map(|()| Answer::Spare(block))
            }
            Task::Flush => sink.flush().map(|()| Answer::Flushed),
            Task::Finish => {
                let result = sink.finish();
                return say(result.map_or_else(Answer::Failed, Answer::Finished));
            }
            Task::Keep(end) => return say(Answer::Kept(sink.keep(end))),
        };
        match result {
            Ok(answer) => say(answer),
            Err(error) => {
                drop(sink); // Nothing unfinished is left once the error is heard.
                return say(Answer::Failed(error));
            }
        }
    }
}

impl Behind {
    /// Gives the thread something to do.
    fn ask(&self, task: Task) {
        if let Some(tasks) = &self.tasks {
            let _ = tasks.send(task); // A thread that has ended has said why.
        }
    }

    /// Waits for an answer; a panic of the thread goes on here, as without it.
    /// Blocks are kept, anything else is handed on.
    fn hear(&mut self) -> Result<Option<Answer>, WriteError> {
        match self.answers.recv() {
            Ok(Answer::Failed(error)) => Err(error),
            Ok(Answer::Spare(block)) => {
                self.spares.push(block);
                Ok(None)
            }
            Ok(answer) => Ok(Some(answer)),
            Err(_) => {
                self.tasks = None;
                if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
                    resume_unwind(panic);
                }
                let source = io::Error::other("it failed before");
                Err(WriteError::new("the output", 0, source))
            }
        }
    }

    /// A block to fill, once there is one.
    fn spare(&mut self) -> Result<Buffer, WriteError> {
        loop {
            if let Some(block) = self.spares.pop() {
                return Ok(block);
            }
            self.hear()?;
        }
    }

    /// Takes the next answer that is no block.
    fn end_of(&mut self, task: Task) -> Result<Answer, WriteError> {
        self.ask(task);
        loop {
            if let Some(answer) = self.hear()? {
                return Ok(answer);
            }
        }
    }
}

impl Sink for Behind {
    fn write(&mut self, from: &Buffer, frames: Range<usize>) -> Result<(), WriteError> {
        let mut at = frames.start;
        while at < frames.end {
            let mut block = self.spare()?;
            let count = block.frames_max().min(frames.end - at);
            block.copy_frames(0, from, at..at + count);
            self.ask(Task::Write(block, count));
            at += count;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.end_of(Task::Flush).map(|_| ())
    }

    fn finish(mut self: Box<Self>) -> Result<Written, WriteError> {
        match self.end_of(Task::Finish)? {
            Answer::Finished(written) => Ok(written),
            Answer::Spare(_) | Answer::Flushed | Answer::Kept(_) | Answer::Failed(_) => {
                unreachable!("the answer to the last task is the last")
            }
        }
    }

    /// What failed before is gone, with the error that told of it: recordings, which would be
    /// kept, are not written behind.
    fn keep(mut self: Box<Self>, end: End) -> Option<Kept> {
        match self.end_of(Task::Keep(end)) {
            Ok(Answer::Kept(kept)) => kept,
            Ok(_) | Err(_) => None,
        }
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            // Whoever drops it has an end of its own already, maybe a panic.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
