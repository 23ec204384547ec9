'use strict';
// Asks Microsoft's library for tasks, and tells what it answers as JSON: the lines given as commands, or what it reads
// of the environment. https://github.com/microsoft/azure-pipelines-task-lib
const fs = require('fs');

const asked = JSON.parse(fs.readFileSync(0, 'utf8'));
const quiet = process.stdout.write.bind(process.stdout);
process.stdout.write = () => true; // it writes ##vso[task.debug] for whatever it does

function ofCommands() {
  const { commandFromString, TaskCommand } = require('azure-pipelines-task-lib/taskcommand');
  return {
    read: asked.lines.map((line) => commandFromString(line)),
    written: asked.commands.map(([name, properties, message]) => new TaskCommand(name, properties, message).toString()),
  };
}

function ofEnvironment() {
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

quiet(JSON.stringify(asked.lines ? ofCommands() : ofEnvironment()));
