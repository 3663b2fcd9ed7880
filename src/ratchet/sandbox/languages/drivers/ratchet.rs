// Both ends of a conversation about one function, in the form that ratchet/sandbox/lines.py describes.

use std::fs::File;
use std::io::{Read, Write};
use std::mem::ManuallyDrop;
use std::os::unix::io::FromRawFd;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Mutex;

#[path = "ratchet_values.rs"]
mod values;
use values::{Get, Put, Reader};

const MAX_FRAME: usize = 64 << 20;

// ---- frames

fn read_frame() -> Option<Vec<u8>> {
    // SAFETY: who started this program gave it the descriptor, and it is not closed here.
    let mut input = ManuallyDrop::new(unsafe { File::from_raw_fd(3) });
    let mut size = 0;
    let mut digits = 0;
    loop {
        let mut byte = [0];
        input.read_exact(&mut byte).ok()?;
        match byte[0] {
            b'\n' if digits > 0 => break,
            digit @ b'0'..=b'9' if digits < 9 => size = size * 10 + usize::from(digit - b'0'),
            _ => return None,
        }
        digits += 1;
    }
    if size > MAX_FRAME {
        return None;
    }
    let mut payload = vec![0; size];
    input.read_exact(&mut payload).ok()?;
    Some(payload)
}

fn write_frame(payload: &[u8]) -> bool {
    // SAFETY: as above.
    let mut output = ManuallyDrop::new(unsafe { File::from_raw_fd(4) });
    let mut frame = format!("{}\n", payload.len()).into_bytes();
    frame.extend(payload);
    output.write_all(&frame).is_ok()
}

// ---- the side of the candidate

pub trait Callable<Arguments> {
    /// Reads the arguments and calls the function; the error says why it was not called.
    fn call(&self, reader: &mut Reader) -> Result<Vec<u8>, String>;
}

macro_rules! callables {
    ($(($($name:ident)*) $count:literal;)*) => { $(
        impl<Function, R: Put, $($name: Get),*> Callable<($($name,)*)> for Function
        where Function: Fn($($name),*) -> R {
            #[allow(non_snake_case)]
            fn call(&self, reader: &mut Reader) -> Result<Vec<u8>, String> {
                reader.question($count)?;
                $(let $name = $name::get(reader)?;)*
                answer(|| self($($name),*))
            }
        }
    )* };
}
callables! {
    () 0; (A) 1; (A B) 2; (A B C) 3; (A B C D) 4; (A B C D E) 5; (A B C D E F) 6; (A B C D E F G) 7;
    (A B C D E F G H) 8;
}

fn answer<R: Put>(call: impl FnOnce() -> R) -> Result<Vec<u8>, String> {
    let mut out = Vec::from(*b"l1\n");
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.put(&mut out),
        Err(why) => {
            let said = why.downcast_ref::<&str>().map(|text| text.to_string());
            let said = said.or_else(|| why.downcast_ref::<String>().cloned()).unwrap_or_default();
            out.clear();
            ("panic", said).put(&mut out);
        }
    }
    Ok(out)
}

/// Answers what is asked of a function, until nobody asks any more.
pub fn serve<Arguments, F: Callable<Arguments>>(function: F) {
    while let Some(question) = read_frame() {
        let mut reader = Reader::new(&question);
        let reply = function.call(&mut reader).unwrap_or_else(|why| {
            let mut out = Vec::new();
            ("WrongType", why).put(&mut out);
            out
        });
        if !write_frame(&reply) {
            std::process::exit(1);
        }
    }
}

// ---- the side of the examiner

static TURN: Mutex<()> = Mutex::new(());

/// Ends this program: without an answer there is nothing to examine, and no test shall expect the panic.
fn give_up(why: &str) -> ! {
    // Not by eprintln!, which a test's own output is kept from.
    let _ = std::io::stderr().write_all(format!("ratchet: {}\n", why).as_bytes());
    std::process::exit(2)
}

fn read_answer<R: Get>(reply: &[u8]) -> Result<Result<R, String>, String> {
    let mut reader = Reader::new(reply);
    let found = match reader.count('l')? {
        1 => Ok(R::get(&mut reader)?),
        2 => Err(format!("{}: {}", reader.text()?, reader.text()?)),
        _ => return Err("no answer".into()),
    };
    if !reader.ended() {
        return Err("there is more behind the value".into());
    }
    Ok(found)
}

/// Asks the other process for the function's result.
pub fn ask<R: Get>(function: &str, arguments: &[&dyn Put]) -> R {
    let mut question = format!("l{}\n", arguments.len() + 1).into_bytes();
    function.put(&mut question);
    arguments.iter().for_each(|argument| argument.put(&mut question));
    let reply = {
        let _turn = TURN.lock();
        if !write_frame(&question) {
            give_up("the function gave no answer");
        }
        read_frame().unwrap_or_else(|| give_up("the function gave no answer"))
    };
    match read_answer(&reply) {
        Ok(Ok(result)) => result,
        Ok(Err(raised)) => panic!("{} ended with {}", function, raised),
        Err(why) => give_up(&format!("the answer of {} is not of its type: {}", function, why)),
    }
}
