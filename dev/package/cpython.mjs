// Runs a Python script with a chosen version of CPython that is the same on every machine: Pyodide's, which npm
// installs as WebAssembly. So bytecode and compressed bytes do not depend on the machine's Python, zlib or processor.
//
//   node cpython.mjs 3.12 script.py ARGUMENTS…
//
// The script finds the machine's files under /machine. Arguments that are absolute paths get that prefix.
// https://pyodide.org/en/stable/usage/api/js-api.html
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const [version, script, ...given] = process.argv.slice(2);
const inside = (text) => (path.isAbsolute(text) ? `/machine${text}` : text);

// The order of a set in bytecode depends on the hash seed. The oldest release ignores `env` and draws its seed here.
Object.defineProperty(globalThis, 'crypto', { value: { getRandomValues: (array) => array.fill(0) } });
const { loadPyodide } = require(`cpython-${version}`);
const python = await loadPyodide({ env: { HOME: '/', PYTHONHASHSEED: '0' } });
python.FS.mkdir('/machine');
python.FS.mount(python.FS.filesystems.NODEFS, { root: '/' }, '/machine');
python.globals.set('arguments', python.toPy([inside(path.resolve(script)), ...given.map(inside)]));
python.runPython('import sys; sys.argv = list(arguments); del arguments');
try {
  python.runPython(readFileSync(script, 'utf8'));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
process.exit(0);
