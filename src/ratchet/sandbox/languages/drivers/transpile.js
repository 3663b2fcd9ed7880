// node --eval THIS LIBRARY FILE...: makes JavaScript of TypeScript files, beside them. Types are taken out, not
// checked; what does not parse is told as the compiler tells it, and ends it with code 2.
"use strict";

const fs = require("fs");
const ts = require(process.argv[1]);

const EXTENSIONS = { ".ts": ".js", ".mts": ".mjs", ".cts": ".cjs", ".tsx": ".js" };
let failed = false;

for (const file of process.argv.slice(2)) {
  const extension = /\.[mc]?tsx?$/.exec(file)[0];
  const made = ts.transpileModule(fs.readFileSync(file, "utf8"), {
    fileName: file,
    reportDiagnostics: true,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: extension === ".mts" ? ts.ModuleKind.ES2022 : ts.ModuleKind.CommonJS,
      esModuleInterop: true,
      experimentalDecorators: true,
      jsx: ts.JsxEmit.React,
    },
  });
  for (const diagnostic of made.diagnostics) {
    const place = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
    console.error(`${file}(${place.line + 1},${place.character + 1}): error TS${diagnostic.code}: ${text}`);
    failed = true;
  }
  fs.writeFileSync(file.slice(0, -extension.length) + EXTENSIONS[extension], made.outputText);
}
process.exit(failed ? 2 : 0);
