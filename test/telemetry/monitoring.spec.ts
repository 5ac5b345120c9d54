/**
 * The Prometheus rules and the Grafana dashboard in examples/: their expressions are PromQL, and ask for
 * nothing but metrics, labels and values that are really exported.
 */
import { readFileSync } from 'node:fs';

import { parser } from '@prometheus-io/lezer-promql';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { ScrapedMetrics } from '../../src/app/metrics.controller.js';
import { REFUSAL_STATUS } from '../../src/receiving/refusals/refusal.js';
import { startHost, type Host } from '../support/application.js';
import { createSqlite } from '../support/databases.js';
import { samplesOf } from '../support/prometheus.js';
import { measuredModule, playEverything } from './measured-host.js';

const read = (name: string) => readFileSync(`examples/monitoring/${name}`, 'utf8');

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}

interface Panel {
  title: string;
  targets: { expr: string; legendFormat: string }[];
}

const rules = (parse(read('alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const { panels } = JSON.parse(read('dashboard.json')) as { panels: Panel[] };
const expressions = [
  ...rules.map(({ alert, expr, annotations }) => ({
    of: `the alert ${alert}`,
    expr,
    shown: JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g),
  })),
  ...panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat }) => ({
      of: `the panel ${title}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
      shown: legendFormat.matchAll(/\{\{(\w+)\}\}/g),
    })),
  ),
].map(({ shown, ...rest }) => ({ ...rest, shown: [...shown].map(([, label = '']) => label) }));

/** Labels that Prometheus adds. */
const ADDED = ['instance', 'job'];

/** Values that a label may have and a short run does not show. */
const VALUES: Record<string, readonly string[]> = {
  status: ['200', '503'],
  outcome: ['done', 'failed', 'dead'],
  code: ['ok'],
  reason: Object.keys(REFUSAL_STATUS),
};

interface Asked {
  readonly metrics: string[];
  readonly labels: string[];
  readonly values: [label: string, value: string][];
  readonly broken: string[];
}

/** What an expression asks for. */
function readExpression(expr: string): Asked {
  const asked: Asked = { metrics: [], labels: [], values: [], broken: [] };
  parser.parse(expr).iterate({
    enter: ({ type, from, to, node }) => {
      const text = expr.slice(from, to);
      if (type.isError) asked.broken.push(expr.slice(from - 10, to + 10));
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') {
        asked.metrics.push(text);
      }
      if (type.name === 'LabelName') asked.labels.push(text);
      if (type.name === 'UnquotedLabelMatcher') {
        const [, label = '', values = ''] = /^(\w+)\s*[=!~]+\s*"(.*)"$/.exec(text) ?? [];
        for (const value of values.split('|')) asked.values.push([label, value]);
      }
    },
  });
  return asked;
}

describe('examples/monitoring', () => {
  let host: Host;
  let drop: () => Promise<void>;
  const exported = new Map<string, Set<string>>();

  beforeAll(async () => {
    const scraped = new ScrapedMetrics();
    const database = await createSqlite();
    drop = () => database.drop();
    host = await startHost(measuredModule(database.options, scraped));
    await playEverything(host);
    for (const { name, labels } of samplesOf(await scraped.text())) {
      exported.set(name, new Set([...(exported.get(name) ?? []), ...Object.keys(labels)]));
    }
    return async () => {
      await host.close();
      await drop();
    };
  });

  it('has alerts and panels, each of a name of its own', () => {
    for (const names of [rules.map(({ alert }) => alert), panels.map(({ title }) => title)]) {
      expect(names.length).toBeGreaterThan(10);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it.each(expressions)('$of asks for what is exported: $expr', ({ expr, shown }) => {
    const { metrics, labels, values, broken } = readExpression(expr);
    expect(broken).toEqual([]);
    expect(metrics).not.toEqual([]);
    expect(metrics.filter((name) => !exported.has(name))).toEqual([]);
    const known = new Set([...ADDED, ...metrics.flatMap((name) => [...exported.get(name)!])]);
    expect([...labels, ...shown].filter((label) => !known.has(label))).toEqual([]);
    const odd = values.filter(([label, value]) => !VALUES[label]?.includes(value));
    expect(odd).toEqual([]);
  });

  it.each(expressions)('$of shows labels that the expression leaves: $expr', ({ expr, shown }) => {
    const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].map(([, names = '']) =>
      names.split(',').map((label) => label.trim()),
    );
    const isAggregated = kept.length > 0 || /\bsum\(/.test(expr);
    const lost = shown.filter(
      (label) => isAggregated && !kept.some((list) => list.includes(label)),
    );
    expect(lost).toEqual([]);
  });

  it.each(rules)('the alert $alert says how bad it is, and what to do', (rule) => {
    expect(['warning', 'critical']).toContain(rule.labels.severity);
    expect(rule.annotations.summary).not.toBe('');
    expect(rule.annotations.description).not.toBe('');
    expect(rule.for ?? '1m').toMatch(/^\d+[mh]$/);
  });

  it('has a scrape configuration that names its rules', () => {
    const config = parse(read('prometheus.yml')) as { rule_files: string[] };
    expect(config.rule_files).toEqual(['alerts.yml']);
  });
});
