/**
 * The README and what stands in docs/: every TypeScript block compiles, and the smallest complete
 * application runs.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { signCallback, streamPushCallback } from '../../src/testing/index.js';
import { freePort } from '../support/free-port.js';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const KEY = 'KeyOfTheReadmeExample';

const docs = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => readFileSync(join(ROOT, 'docs', name), 'utf8'));
const blocks = [README, ...docs].flatMap((text) =>
  [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code),
);
const smallest = blocks.find((code) => code.includes('app.listen(3000)')) ?? '';

describe('the TypeScript of the README and of docs/', () => {
  let folder: string;

  beforeAll(async () => {
    // Inside the repository, so that the package finds itself and its peers.
    mkdirSync(join(ROOT, 'node_modules/.readme'), { recursive: true });
    folder = mkdtempSync(join(ROOT, 'node_modules/.readme/'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    blocks.forEach((code, index) => writeFileSync(join(folder, `block-${index}.ts`), code));
    const options = {
      module: 'nodenext',
      target: 'es2023',
      lib: ['es2023', 'es2024.string'],
      types: ['node'],
      strict: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      useDefineForClassFields: false,
      skipLibCheck: true,
      rootDir: ROOT,
      outDir: join(folder, 'out'),
      paths: {
        'nestjs-live-callback': [join(ROOT, 'src/index.ts')],
        'nestjs-live-callback/*': [join(ROOT, 'src/*/index.ts')],
      },
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has the blocks that this suite means', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(6);
    expect(smallest).not.toBe('');
  });

  it('compiles', async () => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    await expect(
      run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => {
        throw new Error(error.stdout);
      }),
    ).resolves.toBeDefined();
  });

  it('compiles by the command beside it, where it is the smallest complete application', async () => {
    const [, options = ''] = /^npx tsc (.+) main\.ts$/m.exec(README) ?? [];
    expect(options).not.toBe('');
    const host = join(folder, 'commonjs');
    mkdirSync(join(host, 'node_modules'), { recursive: true });
    symlinkSync(ROOT, join(host, 'node_modules/nestjs-live-callback'));
    writeFileSync(join(host, 'package.json'), '{ "type": "commonjs" }');
    writeFileSync(join(host, 'main.ts'), smallest);
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    await expect(
      run(process.execPath, [tsc, ...options.split(' '), '--ignoreConfig', 'main.ts'], {
        cwd: host,
      }),
    ).resolves.toMatchObject({ stdout: '' });
  });

  it('runs, where it is the smallest complete application', async () => {
    const index = blocks.indexOf(smallest);
    const emitted = join(folder, 'out', folder.slice(ROOT.length), `block-${index}.js`);
    const port = await freePort();
    const program = readFileSync(emitted, 'utf8')
      .replace("'nestjs-live-callback'", JSON.stringify(join(folder, 'out/src/index.js')))
      .replace('app.listen(3000)', `app.listen(${port})`);
    writeFileSync(emitted, program);
    const child: ChildProcess = spawn(process.execPath, [emitted], {
      cwd: folder,
      env: { ...process.env, LIVE_CALLBACK_KEY: KEY },
    });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    try {
      await expect.poll(() => output, { timeout: 20_000 }).toContain('successfully started');
      const request = signCallback(streamPushCallback({ stream_id: 'readme' }), { key: KEY });
      const send = () => fetch(`http://127.0.0.1:${port}/live-callback`, request);
      await expect.poll(() => send().then(({ status }) => status, String)).toBe(200);
      await expect.poll(() => output).toContain('readme is live, pushed from 192.0.2.20');
    } finally {
      child.kill('SIGKILL');
    }
  });
});
