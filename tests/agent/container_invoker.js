'use strict';
// Stands in for what the agent runs inside the container of a container job. It reads from standard input what to start, with
// the whole environment, since the command line of `docker exec` could be read by others.
// https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Misc/layoutbin/containerHandlerInvoker.js.template
const { spawn } = require('child_process');

let text = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (piece) => { text += piece; });
process.stdin.on('end', () => {
  const { handler, handlerArgs, environment, workDir } = JSON.parse(text);
  const child = spawn(handler, handlerArgs, { env: environment, cwd: workDir, stdio: ['pipe', 'inherit', 'inherit'] });
  child.on('exit', (code) => { process.exitCode = code; });
});
