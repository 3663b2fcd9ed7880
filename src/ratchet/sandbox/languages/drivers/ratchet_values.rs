// Values as bytes, in the form that ratchet/sandbox/lines.py describes.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::Hash;

const MAX_DEPTH: usize = 150;

// ---- values to bytes

pub trait Put {
    fn put(&self, out: &mut Vec<u8>);
}

// ---- bytes to values

pub trait Get: Sized {
    /// Reads one value, without trust in what is there; the error says what is wrong with it.
    fn get(reader: &mut Reader) -> Result<Self, String>;
}

pub struct Reader<'a> {
    data: &'a [u8],
    depth: usize,
}

impl<'a> Reader<'a> {
    pub fn new(data: &'a [u8]) -> Reader<'a> {
        Reader { data, depth: 0 }
    }

    pub fn ended(&self) -> bool {
        self.data.is_empty()
    }

    fn next(&self) -> u8 {
        self.data.first().copied().unwrap_or(0)
    }

    fn line(&mut self) -> Result<&'a str, String> {
        let end = self.data.iter().position(|&byte| byte == b'\n').ok_or("it ends in the middle of a value")?;
        let (line, rest) = self.data.split_at(end);
        self.data = &rest[1..];
        std::str::from_utf8(line).map_err(|_| String::from("no value"))
    }

    /// The line of a value that begins with this letter, without the letter.
    fn line_of(&mut self, kind: char) -> Result<&'a str, String> {
        let line = self.line()?;
        line.strip_prefix(kind).ok_or_else(|| format!("{:?} where a value that begins with {} is due", line, kind))
    }

    pub fn count(&mut self, kind: char) -> Result<usize, String> {
        let count: usize = self.line_of(kind)?.parse().map_err(|_| "no count")?;
        if count > self.data.len() {
            return Err("it announces more than there is".into());
        }
        Ok(count)
    }

    pub fn text(&mut self) -> Result<&'a str, String> {
        let size = self.count('s')?;
        let (text, rest) = self.data.split_at(size);
        self.data = rest.strip_prefix(b"\n").ok_or("a text without an end")?;
        std::str::from_utf8(text).map_err(|_| String::from("a text that is not UTF-8"))
    }

    /// Reads a list or a map, each part of it by `take`; a map may come as the list of its pairs.
    fn parts<C: Default, T>(&mut self, mapped: bool, take: T) -> Result<C, String>
    where
        T: Fn(&mut C, &mut Reader<'a>) -> Result<(), String>,
    {
        self.deeper()?;
        let listed = self.next() == b'l' || !mapped;
        let mut found = C::default();
        for _ in 0..self.count(if listed { 'l' } else { 'o' })? {
            if mapped && listed && self.count('l')? != 2 {
                return Err("no pair".into());
            }
            take(&mut found, self)?;
        }
        self.depth -= 1;
        Ok(found)
    }

    /// Reads what stands before the arguments of a question.
    pub fn question(&mut self, arguments: usize) -> Result<(), String> {
        if self.count('l')? != arguments + 1 {
            return Err("another number of arguments".into());
        }
        self.text().map(|_| ())
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("it is nested too deeply".into());
        }
        Ok(())
    }
}

fn put_list<'a, T: Put + 'a, I: ExactSizeIterator<Item = &'a T>>(items: I, out: &mut Vec<u8>) {
    out.extend(format!("l{}\n", items.len()).bytes());
    items.for_each(|item| item.put(out));
}

/// The keys of a map are texts and numbers there; a map with others goes as the list of its pairs.
fn put_map<'a, K: Put + 'a, V: Put + 'a, I: Iterator<Item = (&'a K, &'a V)>>(items: I, out: &mut Vec<u8>) {
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for (key, value) in items {
        let mut pair = (Vec::new(), Vec::new());
        key.put(&mut pair.0);
        value.put(&mut pair.1);
        pairs.push(pair);
    }
    let listed = pairs.iter().any(|(key, _)| matches!(key.first(), Some(b'l') | Some(b'o')));
    out.extend(format!("{}{}\n", if listed { 'l' } else { 'o' }, pairs.len()).bytes());
    for (key, value) in pairs {
        if listed {
            out.extend(b"l2\n");
        }
        out.extend(key);
        out.extend(value);
    }
}

macro_rules! integers {
    ($($type:ty)*) => { $(
        impl Put for $type {
            fn put(&self, out: &mut Vec<u8>) { out.extend(format!("i{}\n", self).bytes()) }
        }
        impl Get for $type {
            fn get(reader: &mut Reader) -> Result<Self, String> {
                let digits = reader.line_of('i')?;
                digits.parse().map_err(|_| format!("{} is no {}", digits, stringify!($type)))
            }
        }
    )* };
}
integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

macro_rules! floats {
    ($($type:ty)*) => { $(
        impl Put for $type {
            fn put(&self, out: &mut Vec<u8>) {
                // {:e} is exact for either width; the other side may know more digits, but no other number.
                let value = f64::from(*self);
                let text = if value.is_nan() { "nan".into() } else if value.is_infinite() {
                    String::from(if value > 0.0 { "inf" } else { "-inf" })
                } else { format!("{:e}", value) };
                out.extend(format!("d{}\n", text).bytes());
            }
        }
        impl Get for $type {
            fn get(reader: &mut Reader) -> Result<Self, String> {
                let kind = if reader.next() == b'i' { 'i' } else { 'd' };
                let value: f64 = reader.line_of(kind)?.parse().map_err(|_| "no number")?;
                Ok(value as $type)
            }
        }
    )* };
}
floats!(f32 f64);

impl Put for bool {
    fn put(&self, out: &mut Vec<u8>) { out.extend(if *self { b"T\n" } else { b"F\n" }) }
}
impl Get for bool {
    fn get(reader: &mut Reader) -> Result<Self, String> {
        match reader.line()? {
            "T" => Ok(true),
            "F" => Ok(false),
            _ => Err("no truth value".into()),
        }
    }
}

impl Put for str {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend(format!("s{}\n{}\n", self.len(), self).bytes());
    }
}
impl Put for String {
    fn put(&self, out: &mut Vec<u8>) { self.as_str().put(out) }
}
impl Get for String {
    fn get(reader: &mut Reader) -> Result<Self, String> {
        reader.text().map(String::from)
    }
}
impl Put for char {
    fn put(&self, out: &mut Vec<u8>) { self.to_string().put(out) }
}
impl Get for char {
    fn get(reader: &mut Reader) -> Result<Self, String> {
        let mut characters = reader.text()?.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Ok(character),
            _ => Err("no single character".into()),
        }
    }
}

// What is borrowed is kept until the end.
impl<T: Put + ?Sized> Put for &T {
    fn put(&self, out: &mut Vec<u8>) { (**self).put(out) }
}
impl Get for &'static str {
    fn get(reader: &mut Reader) -> Result<Self, String> {
        Ok(Box::leak(reader.text()?.to_string().into_boxed_str()))
    }
}
impl<T: Get> Get for &'static T {
    fn get(reader: &mut Reader) -> Result<Self, String> {
        Ok(Box::leak(Box::new(T::get(reader)?)))
    }
}
impl<T: Get> Get for &'static [T] {
    fn get(reader: &mut Reader) -> Result<Self, String> {
        Ok(Box::leak(Vec::get(reader)?.into_boxed_slice()))
    }
}

impl<T: Put> Put for Box<T> {
    fn put(&self, out: &mut Vec<u8>) { (**self).put(out) }
}
impl<T: Get> Get for Box<T> {
    fn get(reader: &mut Reader) -> Result<Self, String> {
        Ok(Box::new(T::get(reader)?))
    }
}

impl<T: Put> Put for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            None => out.extend(b"n\n"),
            Some(value) => {
                out.extend(b"l1\n");
                value.put(out);
            }
        }
    }
}
impl<T: Get> Get for Option<T> {
    fn get(reader: &mut Reader) -> Result<Self, String> {
        if reader.next() == b'n' {
            return reader.line_of('n').map(|_| None);
        }
        if reader.count('l')? != 1 {
            return Err("no Option".into());
        }
        T::get(reader).map(Some)
    }
}
impl<T: Put, E: Put> Put for Result<T, E> {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Ok(value) => (true, value).put(out),
            Err(error) => (false, error).put(out),
        }
    }
}
impl<T: Get, E: Get> Get for Result<T, E> {
    fn get(reader: &mut Reader) -> Result<Self, String> {
        if reader.count('l')? != 2 {
            return Err("no Result".into());
        }
        Ok(if bool::get(reader)? { Ok(T::get(reader)?) } else { Err(E::get(reader)?) })
    }
}

impl<T: Put> Put for [T] {
    fn put(&self, out: &mut Vec<u8>) {
        put_list(self.iter(), out);
    }
}
impl<T: Put, const N: usize> Put for [T; N] {
    fn put(&self, out: &mut Vec<u8>) {
        self[..].put(out);
    }
}
impl<T: Get, const N: usize> Get for [T; N] {
    fn get(reader: &mut Reader) -> Result<Self, String> {
        Vec::get(reader)?.try_into().map_err(|_| "an array of another length".into())
    }
}

macro_rules! lists {
    ($($type:ident, $add:ident, [$($bound:ident)*];)*) => { $(
        impl<T: Put> Put for $type<T> {
            fn put(&self, out: &mut Vec<u8>) { put_list(self.iter(), out) }
        }
        impl<T: Get $(+ $bound)*> Get for $type<T> {
            fn get(reader: &mut Reader) -> Result<Self, String> {
                reader.parts(false, |found: &mut Self, reader| { found.$add(T::get(reader)?); Ok(()) })
            }
        }
    )* };
}
lists! {
    Vec, push, [];
    VecDeque, push_back, [];
    HashSet, insert, [Eq Hash];
    BTreeSet, insert, [Ord];
}

macro_rules! maps {
    ($($type:ident, [$($bound:ident)*];)*) => { $(
        impl<K: Put, V: Put> Put for $type<K, V> {
            fn put(&self, out: &mut Vec<u8>) { put_map(self.iter(), out) }
        }
        impl<K: Get $(+ $bound)*, V: Get> Get for $type<K, V> {
            fn get(reader: &mut Reader) -> Result<Self, String> {
                reader.parts(true, |found: &mut Self, reader| {
                    let key = K::get(reader)?;
                    found.insert(key, V::get(reader)?);
                    Ok(())
                })
            }
        }
    )* };
}
maps! {
    HashMap, [Eq Hash];
    BTreeMap, [Ord];
}

impl Put for () {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend(b"n\n");
    }
}
impl Get for () {
    fn get(reader: &mut Reader) -> Result<Self, String> {
        reader.line_of('n').map(|_| ())
    }
}

macro_rules! tuples {
    ($(($($name:ident)*) $count:literal;)*) => { $(
        #[allow(non_snake_case)]
        impl<$($name: Put),*> Put for ($($name,)*) {
            fn put(&self, out: &mut Vec<u8>) {
                let ($($name,)*) = self;
                out.extend(format!("l{}\n", $count).bytes());
                $($name.put(out);)*
            }
        }
        impl<$($name: Get),*> Get for ($($name,)*) {
            fn get(reader: &mut Reader) -> Result<Self, String> {
                if reader.count('l')? != $count { return Err("a tuple of another length".into()); }
                Ok(($($name::get(reader)?,)*))
            }
        }
    )* };
}
tuples! {
    (A) 1; (A B) 2; (A B C) 3; (A B C D) 4; (A B C D E) 5; (A B C D E F) 6; (A B C D E F G) 7;
    (A B C D E F G H) 8;
}

macro_rules! contents {
    ($($type:ty,)*) => {
        /// What is in the box is found by trying: it comes with the name of its type.
        impl Put for Box<dyn Any> {
            fn put(&self, out: &mut Vec<u8>) {
                $(if let Some(value) = self.downcast_ref::<$type>() {
                    out.extend(b"l2\n");
                    stringify!($type).put(out);
                    return value.put(out);
                })*
                super::give_up("what is in a Box<dyn Any> cannot be sent");
            }
        }
        impl Get for Box<dyn Any> {
            fn get(reader: &mut Reader) -> Result<Self, String> {
                reader.deeper()?;
                if reader.count('l')? != 2 { return Err("no Box<dyn Any>".into()); }
                let name = reader.text()?;
                let found: Result<Self, String> = match name {
                    $(stringify!($type) => <$type as Get>::get(reader).map(|value| Box::new(value) as Self),)*
                    _ => Err(format!("a Box<dyn Any> with an unknown {}", name)),
                };
                reader.depth -= 1;
                found
            }
        }
    };
}
contents! {
    i32, i64, isize, u8, u32, u64, usize, f32, f64, bool, char, String, &'static str, (),
    Vec<i32>, Vec<i64>, Vec<isize>, Vec<f64>, Vec<String>, Vec<&'static str>, Vec<Box<dyn Any>>,
    HashMap<String, String>, HashMap<i32, i32>,
}
