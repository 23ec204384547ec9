// Runs a Python script with a CPython of a chosen version that is the same on every machine: Pyodide's, which npm
// installs as WebAssembly. Bytecode and compressed bytes therefore depend on no Python, zlib or processor of the machine.
//
//   node cpython.mjs 3.12 script.py ARGUMENTS…
//
// The script sees the machine's files under /machine; arguments that are absolute paths arrive with that in front.
// https://pyodide.org/en/stable/usage/api/js-api.html
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const [version, script, ...given] = process.argv.slice(2);
const inside = (text) => (path.isAbsolute(text) ? `/machine${text}` : text);

// The order of a set in bytecode hangs on the hash seed. The oldest release takes no environment and draws it instead.
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
