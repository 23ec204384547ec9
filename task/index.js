'use strict';
// What the agent starts. All the work is done in Python; this file finds a Python that is new enough, hands it the
// environment untouched, passes the agent's signals on, and speaks up only when Python could not.
//
// No azure-pipelines-task-lib: loading it takes the inputs and the connections out of process.env, and Python would
// find none. No shell: the names of a connection's variables hold dashes, which sh drops.

const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');

const PROGRAM = path.join(__dirname, 'launch.py');
// -I: neither the checkout nor PYTHONPATH can shadow a module of ours; -S: neither can what this Python has installed.
const OPTIONS = ['-I', '-S', '-u', '-X', 'utf8'];
const WINDOWS = process.platform === 'win32';

// How an interpreter ends that never reached the program: 2 it does not know our options (Python 2), 86 launch.py
// refused its version, 126 and 127 a wrapper without a Python behind it, 9009 the same on Windows.
// launch.py itself ends with 0, 1 or 86 only, so that no deployment is ever run twice.
const UNFIT = new Set([2, 86, 126, 127, 9009]);

// UsePythonVersion@0 sets pythonLocation, and the agent writes names in capitals. WindowsApps holds a Store stub.
function candidates() {
  const chosen = process.env.PYTHONLOCATION;
  const first = chosen ? [WINDOWS ? path.join(chosen, 'python.exe') : path.join(chosen, 'bin', 'python3')] : [];
  const usable = (folder) => path.isAbsolute(folder) && !/\\WindowsApps\\?$/i.test(folder);
  const folders = (process.env.PATH || '').split(path.delimiter).filter(usable);
  const names = WINDOWS ? ['python3.exe', 'python.exe'] : ['python3', 'python'];
  const onPath = names.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return [...new Set([...first, ...onPath])].filter((file) => fs.existsSync(file));
}

// Said to the agent by command; the exit code stays 0. Not through process.stdout, which would make the pipe that
// Python shares non-blocking. The empty line ends one that Python left unfinished.
function fail(code, lines) {
  const text = lines.join('\n').replace(/%/g, '%AZP25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
  fs.writeSync(1, `\n##vso[task.logissue type=error;code=${code}]${text}\n##vso[task.complete result=Failed]\n`);
}

function pythonNotFound(tried) {
  fail('python-not-found', [
    'python-not-found: this agent offers no Python 3.10 or newer',
    tried.length ? `  happened  none of these would do: ${tried.join(', ')}` : '  happened  there is no Python on PATH',
    '  cause     the task is written in Python and brings everything it needs except Python itself',
    '  mend      put this step before it:',
    "              - task: UsePythonVersion@0\n                inputs: { versionSpec: '3.x' }",
    '            or install Python 3.10 or newer on the agent (in a container job: in the image)',
  ]);
}

function endedWithoutResult(python, how) {
  fail('python-ended', [
    `python-ended: the Python program of this task ended without a result (${how})`,
    `  happened  ${python} is gone; what it said last stands above`,
    '  cause     SIGKILL: mostly the agent ran out of memory; exit code 1: an error nobody foresaw, shown above',
    '  mend      run the step again; if it happens again, open an issue with this log',
  ]);
}

function start(waiting, tried) {
  const python = waiting.shift();
  if (!python) return pythonNotFound(tried);
  // stdin is a pipe nobody writes to: it closes when this process is killed, and Python cancels by itself.
  // stderr goes where stdout goes, so that lines keep their order.
  const child = spawn(python, [...OPTIONS, PROGRAM], { stdio: ['pipe', 1, 1], env: process.env, windowsHide: true });
  // On Windows Ctrl+C reaches Python by itself, and kill would end it on the spot; there it is enough to stay.
  const pass = (signal) => WINDOWS || child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGBREAK'];
  signals.forEach((signal) => process.on(signal, pass));
  const over = () => signals.forEach((signal) => process.removeListener(signal, pass));
  const next = () => start(waiting, [...tried, python]);
  child.on('error', () => { if (child.pid === undefined) { over(); next(); } }); // else: a signal was not delivered
  child.on('exit', (code, signal) => {
    over();
    if (UNFIT.has(code)) next();
    else if (code !== 0) endedWithoutResult(python, signal || `exit code ${code}`);
  });
}

start(candidates(), []);
