// The rules of the classic editor, for the page that `npm run editor` writes. dev/editor/rules.py says where they come
// from; both are tested with the same cases.
'use strict';

const WORDS = 'NotContains|NotEndsWith|NotStartsWith|Contains|EndsWith|StartsWith';
const CONDITION = new RegExp(`^\\s*([A-Za-z0-9]+)\\s*([!=<>]+|${WORDS})\\s*([A-Za-z0-9. ]*)\\s*$`);
const COMPARISONS = {
  '=': (value, expected) => value === expected,
  '==': (value, expected) => value === expected,
  '!=': (value, expected) => value !== expected,
  '<': (value, expected) => value < expected,
  '>': (value, expected) => value > expected,
  '<=': (value, expected) => value <= expected,
  '>=': (value, expected) => value >= expected,
  Contains: (value, expected) => value.includes(expected),
  StartsWith: (value, expected) => value.startsWith(expected),
  EndsWith: (value, expected) => value.endsWith(expected),
};

// Tells whether a value of the input in one condition meets it; an input that is not in `values` is hidden.
function meets(condition, values) {
  const [, name, comparison, expected] = condition.match(CONDITION);
  if (!(name in values)) return false;
  const met = COMPARISONS[comparison.replace(/^Not/, '')](values[name].toLowerCase(), expected.trim().toLowerCase());
  return met !== comparison.startsWith('Not');
}

// Tells whether a rule shows its input.
function holds(rule, values) {
  if (!rule) return true;
  const met = rule.split(/&&|\|\|/).map(condition => meets(condition, values));
  return rule.includes('||') ? met.some(Boolean) : met.every(Boolean);
}

// Returns the values of the inputs that are not hidden by a rule of their own; a list of Azure's counts as shown.
function valuesOf(task, given) {
  const filled = new Set(task.dataSourceBindings.map(binding => binding.target));
  const values = {};
  for (const one of task.inputs) {
    if (holds(one.visibleRule, values) || filled.has(one.name)) values[one.name] = given[one.name] ?? one.defaultValue ?? '';
  }
  return values;
}

// Returns the names of the inputs that the editor shows, groups folded or not.
function shown(task, given) {
  const values = valuesOf(task, given);
  const closed = new Set(task.groups.filter(group => !holds(group.visibleRule, values)).map(group => group.name));
  return task.inputs
    .filter(one => one.name in values && holds(one.visibleRule, values) && !closed.has(one.groupName))
    .map(one => one.name);
}

if (typeof module !== 'undefined') module.exports = { holds, shown };
