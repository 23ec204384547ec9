'use strict';
// Asks Microsoft's library for tasks, and tells what it answers as JSON: the lines given as commands, or what it reads
// of the environment. A question is a line, and so is its answer. https://github.com/microsoft/azure-pipelines-task-lib
const readline = require('readline');

const quiet = process.stdout.write.bind(process.stdout);
process.stdout.write = () => true; // it writes ##vso[task.debug] for whatever it does

function ofCommands(asked) {
  const { commandFromString, TaskCommand } = require('azure-pipelines-task-lib/taskcommand');
  return {
    read: asked.lines.map((line) => commandFromString(line)),
    written: asked.commands.map(([name, properties, message]) => new TaskCommand(name, properties, message).toString()),
  };
}

function ofEnvironment(asked) {
  const task = require('azure-pipelines-task-lib/task');
  const all = (names, read) => Object.fromEntries(names.map((name) => [name, read(name)]));
  const { connection } = asked;
  return {
    inputs: all(asked.inputs, (name) => task.getInput(name)),
    booleans: all(asked.booleans, (name) => task.getBoolInput(name)),
    variables: all(asked.variables, (name) => task.getVariable(name)),
    url: task.getEndpointUrl(connection, true),
    scheme: task.getEndpointAuthorizationScheme(connection, true),
    parameters: all(asked.parameters, (key) => task.getEndpointAuthorizationParameter(connection, key, true)),
    data: all(asked.data, (key) => task.getEndpointDataParameter(connection, key, true)),
    accessToken: task.getEndpointAuthorizationParameter('SYSTEMVSSCONNECTION', 'AccessToken', false),
    proxy: task.getHttpProxyConfiguration(),
  };
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const asked = JSON.parse(line);
  quiet(`${JSON.stringify(asked.lines ? ofCommands(asked) : ofEnvironment(asked))}\n`);
});
