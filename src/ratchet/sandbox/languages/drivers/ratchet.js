// Asks a function of another process, and answers for one: see ratchet.sandbox.lines for the form.
//
// A question whose name begins with "js:" comes from our own examiner. What JavaScript knows and
// lines do not is then sent as a map with one key, a NUL and the name of what it is: undefined,
// a bigint, a Map, an instance of a class. Others are asked and answered in plain data alone.
"use strict";

const fs = require("fs");

const READ = 3;
const WRITE = 4;
const MOST_BYTES = 64 << 20;
const MOST_DEPTH = 190;
const TAG = "\0";
const ERRORS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const VIEWS = {
  Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
  Float32Array, Float64Array, BigInt64Array, BigUint64Array,
};

class NotPlain extends Error {}

class Malformed extends Error {}

// ---------------------------------------------------------------- writing

function pack(value, exact) {
  const parts = [];
  write(value, exact, parts, 0);
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
}

function write(value, exact, parts, depth) {
  if (depth > MOST_DEPTH) throw new NotPlain("a value is nested too deeply to be sent");
  if (value === null) parts.push("n\n");
  else if (value === undefined) exact ? tagged("undefined", null, exact, parts, depth) : parts.push("n\n");
  else if (typeof value === "boolean") parts.push(value ? "T\n" : "F\n");
  else if (typeof value === "number") parts.push(number(value));
  else if (typeof value === "bigint") {
    if (exact) tagged("bigint", String(value), exact, parts, depth);
    else parts.push(`i${value}\n`);
  } else if (typeof value === "string") {
    const bytes = Buffer.from(value);
    parts.push(`s${bytes.length}\n`, bytes, "\n");
  } else if (Array.isArray(value)) {
    parts.push(`l${value.length}\n`);
    for (let i = 0; i < value.length; i++) write(value[i], exact, parts, depth + 1);
  } else if (typeof value === "object") writeObject(value, exact, parts, depth);
  else throw new NotPlain(`a ${typeof value} cannot be sent`);
}

function number(value) {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return `i${value}\n`;
  if (Object.is(value, -0)) return "d-0.0\n";
  if (Number.isFinite(value)) return `d${value}\n`;
  return Number.isNaN(value) ? "dnan\n" : value > 0 ? "dinf\n" : "d-inf\n";
}

function tagged(name, value, exact, parts, depth) {
  parts.push("o1\n");
  write(TAG + name, exact, parts, depth + 1);
  write(value, exact, parts, depth + 1);
}

function writeObject(value, exact, parts, depth) {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return writePairs(value, exact, parts, depth);
  if (value instanceof Map) {
    if (exact) return tagged("Map", [...value], exact, parts, depth);
    return writePairs(Object.fromEntries(value), exact, parts, depth);
  }
  const view = Object.keys(VIEWS).find((name) => value instanceof VIEWS[name]);
  if (value instanceof Set || view !== undefined) {
    return exact ? tagged(view || "Set", [...value], exact, parts, depth) : write([...value], exact, parts, depth);
  }
  if (value instanceof Date && exact) return tagged("Date", value.getTime(), exact, parts, depth);
  if (value instanceof RegExp && exact) return tagged("RegExp", [value.source, value.flags], exact, parts, depth);
  const kind = value.constructor && value.constructor.name;
  if (kind in globalThis || !exact) throw new NotPlain(`an object of class ${kind} cannot be sent`);
  return tagged("instance", { ...value }, exact, parts, depth);
}

function writePairs(value, exact, parts, depth) {
  const keys = Object.keys(value);
  if (exact && keys.length === 1 && keys[0].startsWith(TAG)) throw new NotPlain("a key of this form cannot be sent");
  parts.push(`o${keys.length}\n`);
  for (const key of keys) {
    write(key, exact, parts, depth + 1);
    write(value[key], exact, parts, depth + 1);
  }
}

// ---------------------------------------------------------------- reading

class Reader {
  constructor(bytes, exact) {
    this.bytes = bytes;
    this.at = 0;
    this.exact = exact;
  }

  line() {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) throw new Malformed("it ends in the middle of a value");
    const line = this.bytes.toString("latin1", this.at, end);
    this.at = end + 1;
    return line;
  }

  whole() {
    const value = this.value(0);
    if (this.at !== this.bytes.length) throw new Malformed("there is more behind the value");
    return value;
  }

  value(depth) {
    if (depth > MOST_DEPTH + 10) throw new Malformed("it is nested too deeply");
    const line = this.line();
    const rest = line.slice(1);
    switch (line[0]) {
      case "n": return null;
      case "T": return true;
      case "F": return false;
      case "i": return Number(rest);
      case "d": return rest === "nan" ? NaN : rest.endsWith("inf") ? (rest[0] === "-" ? -Infinity : Infinity) : Number(rest);
      case "s": return this.text(this.count(rest));
      case "l": return this.list(this.count(rest), depth);
      case "o": return this.pairs(this.count(rest), depth);
      default: throw new Malformed("a value begins with something else");
    }
  }

  count(text) {
    const count = /^[0-9]{1,9}$/.test(text) ? Number(text) : -1;
    if (count < 0 || count > this.bytes.length - this.at) throw new Malformed("it announces more than there is");
    return count;
  }

  text(length) {
    const text = this.bytes.toString("utf8", this.at, this.at + length);
    this.at += length + 1;
    return text;
  }

  list(count, depth) {
    const list = [];
    for (let i = 0; i < count; i++) list.push(this.value(depth + 1));
    return list;
  }

  pairs(count, depth) {
    const found = {};
    let first;
    for (let i = 0; i < count; i++) {
      const key = this.value(depth + 1);
      const value = this.value(depth + 1);
      first = String(key);
      // Not an assignment: "__proto__" is a key like any other.
      Object.defineProperty(found, first, { value, writable: true, enumerable: true, configurable: true });
    }
    return this.exact && count === 1 && first.startsWith(TAG) ? untagged(first.slice(1), found[first]) : found;
  }
}

function untagged(name, value) {
  if (name === "undefined") return undefined;
  if (name === "bigint" && /^-?[0-9]{1,4000}$/.test(value)) return BigInt(value);
  if (name === "Date" && typeof value === "number") return new Date(value);
  if (name === "Map" && listed(value) && value.every((pair) => listed(pair) && pair.length === 2)) return new Map(value);
  if (name === "Set" && listed(value)) return new Set(value);
  if (Object.hasOwn(VIEWS, name) && listed(value)) return VIEWS[name].from(value);
  if (name === "RegExp" && listed(value) && value.every((part) => typeof part === "string")) return new RegExp(...value);
  // Its class stays where it is: it has the fields, and equals nothing of a class known here.
  if (name === "instance" && value !== null && typeof value === "object") return Object.assign(new (class {})(), value);
  throw new Malformed("it is not what it is called");
}

function listed(value) {
  return Array.isArray(value);
}

// ---------------------------------------------------------------- frames

function send(payload) {
  const frame = Buffer.concat([Buffer.from(`${payload.length}\n`), payload]);
  for (let at = 0; at < frame.length; ) at += fs.writeSync(WRITE, frame, at);
}

// The next frame's payload; null at the end of the file.
function receive() {
  let head = "";
  const one = Buffer.alloc(1);
  while (head.length < 10) {
    if (fs.readSync(READ, one, 0, 1, null) === 0) return null;
    if (one[0] === 10) break;
    head += String.fromCharCode(one[0]);
  }
  if (!/^[0-9]{1,9}$/.test(head) || Number(head) > MOST_BYTES) return null;
  const payload = Buffer.alloc(Number(head));
  for (let at = 0; at < payload.length; ) {
    const got = fs.readSync(READ, payload, at, payload.length - at, null);
    if (got === 0) return null;
    at += got;
  }
  return payload;
}

// ---------------------------------------------------------------- the two sides

// Answers questions with the function that `find` gives, until there are no more.
async function serve(find) {
  for (;;) {
    const payload = receive();
    if (payload === null) process.exit(0);
    const exact = String(new Reader(payload, false).whole()[0]).startsWith("js:");
    const values = new Reader(payload, exact).whole().slice(1);
    let answer;
    try {
      const value = find()(...values);
      if (value instanceof Promise && exact) answer = pack([{ [`${TAG}Promise`]: await settled(value) }], false);
      else answer = pack([value instanceof Promise ? await value : value], exact);
    } catch (error) {
      answer = pack(thrown(error), false);
    }
    send(answer);
  }
}

async function settled(promise) {
  try {
    return pack([await promise], true).toString();
  } catch (error) {
    return pack(thrown(error), false).toString();
  }
}

function thrown(error) {
  if (!(error instanceof Error)) return ["thrown", String(error).slice(0, 1000)];
  return [String(error.name), String(error.message).slice(0, 1000)];
}

// Asks the other process for f(...values); throws what that threw.
function ask(name, values) {
  let payload;
  try {
    payload = pack([`js:${name}`, ...values], true);
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
    end(`${name} cannot be asked from another process: ${error.message}`);
  }
  try {
    send(payload);
    payload = receive();
  } catch (error) {
    end(`the process that answers for ${name} is gone`);
  }
  if (payload === null) end(`the process that answers for ${name} is gone`);
  return result(payload, name);
}

function result(payload, name) {
  let answer;
  try {
    const promised = new Reader(payload, false).whole();
    if (promised.length === 1 && promised[0] !== null && typeof promised[0] === "object") {
      const inner = promised[0][`${TAG}Promise`];
      if (typeof inner === "string") {
        return Promise.resolve().then(() => result(Buffer.from(inner), name));
      }
    }
    answer = new Reader(payload, true).whole();
  } catch (error) {
    end(`${name} was answered with something that is no value: ${error.message}`);
  }
  if (answer.length === 1) return answer[0];
  const [kind, message] = answer;
  const error = new (ERRORS[Object.hasOwn(ERRORS, kind) ? kind : "Error"])(message);
  if (error.name !== kind) error.name = kind;
  throw error;
}

// Makes the last line on stderr say what the test ended with.
function tellLast() {
  process.on("uncaughtException", (error) => {
    fs.writeSync(2, `${(error && error.stack) || error}\n${String(error).split("\n")[0]}\n`);
    process.exit(1);
  });
}

function end(why) {
  fs.writeSync(2, `${why}\n`);
  process.exit(70);
}

module.exports = { serve, ask, tellLast };
