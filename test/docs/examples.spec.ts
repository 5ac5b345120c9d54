/** The examples are read as Docker and Kubernetes read them, and checked against the application. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

import { readEnvironment } from '../../src/app/environment.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KUBERNETES = join(ROOT, 'examples/kubernetes');
/** How long a shutdown takes at most, s. */
const SHUTDOWN = 10;

interface Variable {
  name: string;
  value?: string;
}

interface Container {
  env: Variable[];
  livenessProbe: { httpGet: { path: string } };
  readinessProbe: { httpGet: { path: string }; timeoutSeconds: number };
  lifecycle?: { preStop: { exec: { command: string[] } } };
}

interface Deployment {
  kind: string;
  spec: {
    selector: { matchLabels: object };
    template: {
      metadata: { labels: object };
      spec: { terminationGracePeriodSeconds: number; containers: [Container] };
    };
  };
}

const deployments = readdirSync(KUBERNETES).flatMap((file) =>
  parseAllDocuments(readFileSync(join(KUBERNETES, file), 'utf8'))
    .map((document) => document.toJS() as Deployment)
    .filter(({ kind }) => kind === 'Deployment')
    .map((deployment) => ({ file, deployment })),
);

describe.each(deployments)('the deployment in $file', ({ deployment }) => {
  const { template, selector } = deployment.spec;
  const [container] = template.spec.containers;

  it('selects its own pods', () => {
    expect(template.metadata.labels).toEqual(selector.matchLabels);
  });

  it('is given the time that a shutdown takes', () => {
    const pause = Number(container.lifecycle?.preStop.exec.command.at(-1) ?? 0);
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(pause + SHUTDOWN);
  });

  it('is probed where the application answers', () => {
    expect(container.livenessProbe.httpGet.path).toBe('/health/live');
    expect(container.readinessProbe.httpGet.path).toBe('/health/ready');
  });

  it('has a role that the application knows', () => {
    const role = container.env.find(({ name }) => name === 'LIVE_CALLBACK_ROLE')?.value;
    const settings = readEnvironment({
      LIVE_CALLBACK_ROLE: role,
      LIVE_CALLBACK_KEYS: 'a-key-for-it',
    });
    expect(settings.role).toBe(role);
  });
});

describe('the Docker Compose file', () => {
  const compose = parse(readFileSync(join(ROOT, 'examples/docker-compose.yml'), 'utf8'), {
    merge: true,
  }) as {
    services: Record<string, { environment?: Record<string, string>; stop_grace_period?: string }>;
  };

  it.each(['intake', 'worker'])(
    'starts the %s with variables that the application reads',
    (name) => {
      const { environment = {}, stop_grace_period } = compose.services[name]!;
      const settings = readEnvironment({
        ...environment,
        DATABASE_URL: 'postgres://live@postgres/live',
      });
      expect(settings).toMatchObject({ role: name, redisUrl: 'redis://redis:6379', isDemo: false });
      expect(parseInt(stop_grace_period ?? '0', 10)).toBeGreaterThan(SHUTDOWN);
    },
  );
});
