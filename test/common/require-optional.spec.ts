import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { requireOptional } from '../../src/common/require-optional.js';

const missing = (cause: unknown) => new Error('please install it', { cause });

/** A package that stands in node_modules for the time of a test. */
function install(program: string): string {
  const folder = mkdtempSync(join('node_modules', 'optional-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.js'), program);
  return folder.slice(folder.lastIndexOf('optional-'));
}

describe('A package that is optional', () => {
  it('is loaded where it is installed', () => {
    expect(requireOptional(install('module.exports = 7'), missing)).toBe(7);
  });

  it('is reported as missing where it is not', () => {
    expect(() => requireOptional('@nestjs/not-there', missing)).toThrow('please install it');
  });

  it('is not reported as missing when a package is that it needs itself', () => {
    const name = install("require('@nestjs/not-there')");
    expect(() => requireOptional(name, missing)).toThrow(
      /^Cannot find module '@nestjs\/not-there'/,
    );
  });

  it('throws what it throws while it is loaded', () => {
    const name = install("throw new TypeError('built for another Node')");
    expect(() => requireOptional(name, missing)).toThrow('built for another Node');
  });
});
