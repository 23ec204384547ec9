'use strict';
// The agent's entry point. Python does all the work; this file finds a Python that is new enough, passes it the
// environment with the path of this Node added, forwards the agent's signals, and reports a failure only when Python
// cannot.
//
// No azure-pipelines-task-lib: loading it removes the inputs and the connections from process.env, where Python needs
// them. No shell: the names of a connection's variables contain dashes, and sh drops such variables.

const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');

const PROGRAM = path.join(__dirname, 'launch.py');
// This Node does for Python what would need native libraries there.
const OURS = {
  FUNCTIONAPPCONTAINERDEPLOY_NODE: process.execPath,
  FUNCTIONAPPCONTAINERDEPLOY_SIGNER: path.join(__dirname, 'sign.js'),
};
// -I: the checkout and PYTHONPATH cannot shadow our modules; -S: neither can this Python's installed packages.
const OPTIONS = ['-I', '-S', '-u', '-X', 'utf8'];
const WINDOWS = process.platform === 'win32';
const OLDEST = 10; // of Python 3
const NEWEST = 14; // the newest one searched for by name

// Exit codes of interpreters that never reached the program. launch.py itself exits only with 0, 1, 86 or 87, so that
// no deployment ever runs twice.
const UNFIT = new Map([
  [2, 'does not know the options of Python 3'],
  [86, 'older than Python 3.10'],
  [87, 'lacks parts of the standard library'],
  [103, 'does not lead to a Python'], // the launcher: https://docs.python.org/3/using/windows.html#return-codes
  [126, 'cannot be run'],
  [127, 'does not lead to a Python'],
  [9009, 'does not lead to a Python'],
  [0xC0000135, 'lacks a DLL'],
]);

// --- where Python may be, as command lines, in order of preference --------------------------------------------------

function* candidates() {
  yield* chosenByUsePythonVersion();
  yield* onPath(WINDOWS ? ['python3', 'python'] : ['python3', 'python', ...namesWithVersion()]);
  if (WINDOWS) for (const [launcher] of onPath(['py'])) yield [launcher, '-3'];
  yield* inToolCache();
}

// UsePythonVersion@0 sets pythonLocation; the agent puts variable names in upper case.
function* chosenByUsePythonVersion() {
  if (process.env.PYTHONLOCATION) yield [inFolder(process.env.PYTHONLOCATION)];
}

// WindowsApps has a stub that opens the Microsoft Store.
function* onPath(names) {
  const usable = (folder) => path.isAbsolute(folder) && !/\\WindowsApps\\?$/i.test(folder);
  const folders = (process.env.PATH || '').split(path.delimiter).filter(usable);
  for (const name of names) {
    for (const folder of folders) yield [path.join(folder, WINDOWS && !/\.exe$/i.test(name) ? `${name}.exe` : name)];
  }
}

function namesWithVersion() {
  return Array.from({ length: NEWEST - OLDEST + 1 }, (_, back) => `python3.${NEWEST - back}`);
}

// Python/<version>/<architecture>, with a file <architecture>.complete beside it once it is complete.
// https://github.com/microsoft/azure-pipelines-tool-lib/blob/main/docs/overview.md#tool-cache
function* inToolCache() {
  if (!process.env.AGENT_TOOLSDIRECTORY) return;
  const cache = path.join(process.env.AGENT_TOOLSDIRECTORY, 'Python');
  const newestFirst = (one, other) => other[1] - one[1] || other[2] - one[2];
  const released = namesIn(cache).filter((name) => /^3\.\d+\.\d+$/.test(name));
  const versions = released.map((name) => name.split('.').map(Number)).filter((numbers) => numbers[1] >= OLDEST);
  for (const version of versions.sort(newestFirst)) {
    for (const architecture of new Set([process.arch, 'x64'])) {
      const folder = path.join(cache, version.join('.'), architecture);
      if (fs.existsSync(`${folder}.complete`)) yield [inFolder(folder)];
    }
  }
}

function namesIn(folder) {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

function inFolder(folder) {
  return WINDOWS ? path.join(folder, 'python.exe') : path.join(folder, 'bin', 'python3');
}

// The input pythonInterpreter names a file or a command on PATH, and is then the only candidate.
function* named(interpreter) {
  if (/[\\/]/.test(interpreter)) yield [path.resolve(interpreter)];
  else yield* onPath([interpreter]);
}

function* thatExist(commands) {
  const seen = new Set();
  for (const command of commands) {
    if (seen.has(command.join(' ')) || !fs.existsSync(command[0])) continue;
    seen.add(command.join(' '));
    yield command;
  }
}

// --- failures that Python cannot report -----------------------------------------------------------------------------

// Reported to the agent by logging command; the exit code stays 0. Not through process.stdout, which would make the
// pipe shared with Python non-blocking. The leading newline ends a line that Python left unfinished.
function fail(code, lines) {
  const text = lines.join('\n').replace(/%/g, '%AZP25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
  fs.writeSync(1, `\n##vso[task.logissue type=error;code=${code}]${text}\n##vso[task.complete result=Failed]\n`);
}

function pythonNotFound(tried) {
  fail('python-not-found', [
    'python-not-found: this agent has no Python 3.10 or newer',
    tried.length ? `  happened  none of these can be used: ${tried.join(', ')}` : '  happened  there is no Python on PATH',
    '  cause     the task is written in Python and includes everything it needs except Python itself',
    '  fix       add this step before this one:',
    "              - task: UsePythonVersion@0\n                inputs: { versionSpec: '3.x' }",
    '            or install Python 3.10 or newer on the agent (in a container job: in the image)',
  ]);
}

function interpreterUnfit(interpreter, tried) {
  fail('python-interpreter-unfit', [
    'python-interpreter-unfit: the Python that pythonInterpreter names cannot run this task',
    `  happened  pythonInterpreter is ${interpreter}: ${tried.join(', ') || 'there is no such file, or none on PATH'}`,
    '  cause     the task uses only the Python that pythonInterpreter names',
    '  fix       name a Python 3.10 or newer by its full path or by its name on PATH,',
    '            or leave pythonInterpreter empty, so that the task finds one',
  ]);
}

function endedWithoutResult(python, how) {
  fail('python-ended', [
    `python-ended: the Python program of this task ended without a result (${how})`,
    `  happened  ${python} is no longer running; its last output is above`,
    '  cause     SIGKILL usually means that the agent ran out of memory; exit code 1 is an unexpected error (see above)',
    '  fix       run the step again; if it happens again, open an issue with this log',
  ]);
}

// --- the run --------------------------------------------------------------------------------------------------------

function start(waiting, tried, nothingDid) {
  const { value: command, done } = waiting.next();
  if (done) return nothingDid(tried);
  const [python, ...options] = command;
  // stdin is a pipe that is never written to: it closes when this process is killed, and then Python cancels.
  // stderr goes to stdout, so that lines keep their order.
  const child = spawn(python, [...options, ...OPTIONS, PROGRAM], {
    stdio: ['pipe', 1, 1], env: { ...process.env, ...OURS }, windowsHide: true,
  });
  // On Windows, Ctrl+C reaches Python directly, and kill would end it at once; there it is enough to keep running.
  const pass = (signal) => WINDOWS || child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGBREAK'];
  signals.forEach((signal) => process.on(signal, pass));
  const over = () => signals.forEach((signal) => process.removeListener(signal, pass));
  const next = (why) => start(waiting, [...tried, `${command.join(' ')} (${why})`], nothingDid);
  // With a process id, this is a different error: a signal was not delivered.
  child.on('error', (error) => { if (child.pid === undefined) { over(); next(`cannot be run: ${error.code}`); } });
  child.on('exit', (code, signal) => {
    over();
    if (UNFIT.has(code)) next(UNFIT.get(code));
    else if (code !== 0) endedWithoutResult(python, signal || `exit code ${code}`);
  });
}

const interpreter = (process.env.INPUT_PYTHONINTERPRETER || '').trim();
if (interpreter) start(thatExist(named(interpreter)), [], (tried) => interpreterUnfit(interpreter, tried));
else start(thatExist(candidates()), [], pythonNotFound);
