import { type Fields, fields, type Labels, list, textOf, textsIn } from './objects.js';

/** A Kubernetes LabelSelector: all that it names has to hold, and an empty one selects everything. */
export interface LabelSelector {
  labels: Labels;
  expressions: { key: string; operator: string; values: string[] }[];
}

/** The LabelSelectors in a list. */
export function selectorsIn(value: unknown): LabelSelector[] {
  return list(value).map((item) => readSelector(fields(item)));
}

function readSelector(selector: Fields): LabelSelector {
  const labels = Object.entries(fields(selector.matchLabels));
  return {
    labels: new Map(labels.map(([key, value]) => [key, String(value)])),
    expressions: list(selector.matchExpressions).map((item) => {
      const { key, operator, values } = fields(item);
      return { key: textOf(key) ?? '', operator: textOf(operator) ?? '', values: textsIn(values) };
    }),
  };
}

export function selects(selector: LabelSelector, labels: Labels): boolean {
  for (const [key, value] of selector.labels) if (labels.get(key) !== value) return false;
  return selector.expressions.every(({ key, operator, values }) => {
    const value = labels.get(key);
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}
