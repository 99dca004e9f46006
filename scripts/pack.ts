/**
 * `npm run pack`: one tarball that `npx` runs anywhere, `build/countersign-<version>.tgz`. Our own packages travel
 * inside it; what others wrote comes from the registry, in the versions that are pinned here.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { packedDocs } from './packed-docs.ts'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly type?: string
  readonly exports?: unknown
  readonly engines?: unknown
  readonly files?: readonly string[]
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const read = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
const packages = readdirSync('packages').map((name) => ({
  folder: join('packages', name),
  ...read(join('packages', name)),
}))
const command = '@countersign/cli'
const page = '@countersign/console'
const ours = [...reach(command), find(page)]
const stage = mkdtempSync(join(tmpdir(), 'countersign-pack-'))
try {
  for (const one of ours) {
    const target = join(stage, 'node_modules', one.name)
    mkdirSync(target, { recursive: true })
    for (const name of one.files ?? []) {
      cpSync(join(one.folder, name), join(target, name), { recursive: true, dereference: true, filter: isNeeded })
    }
    // Their dependencies are the whole's: npm must not look for our own packages in a registry.
    const { name, version, license, type, bin, exports } = one
    write(target, { name, version, license, type, bin, exports })
  }
  write(stage, whole())
  cpSync('LICENSE', join(stage, 'LICENSE'))
  for (const [path, content] of packedDocs('.')) {
    mkdirSync(dirname(join(stage, path)), { recursive: true })
    writeFileSync(join(stage, path), content)
  }
  mkdirSync('build', { recursive: true })
  execFileSync('npm', ['pack', '--silent', '--pack-destination', join(process.cwd(), 'build')], {
    cwd: stage,
    stdio: 'inherit',
  })
} finally {
  rmSync(stage, { recursive: true, force: true })
}

/** A package of ours, and those that it stands on. */
function reach(name: string, seen = new Set<string>()): typeof packages {
  if (seen.has(name)) return []
  seen.add(name)
  const one = find(name)
  const below = Object.keys(one.dependencies ?? {}).filter((each) => packages.some((other) => other.name === each))
  return [one, ...below.flatMap((each) => reach(each, seen))]
}

function find(name: string): (typeof packages)[number] {
  const found = packages.find((one) => one.name === name)
  if (!found) throw new Error(`There is no package ${name}.`)
  return found
}

function whole(): object {
  const { version, license, engines, bin } = { ...read('.'), ...find(command) }
  return {
    name: 'countersign',
    version,
    description: 'A gateway where an AI agent’s privileged action waits for a human’s countersignature.',
    license,
    type: 'module',
    engines,
    bin: Object.fromEntries(
      Object.entries(bin ?? {}).map(([name, path]) => [name, join('node_modules', command, path)]),
    ),
    dependencies: foreign('dependencies'),
    optionalDependencies: foreign('optionalDependencies'),
    bundleDependencies: ours.map(({ name }) => name),
  }
}

function foreign(kind: 'dependencies' | 'optionalDependencies'): object {
  const all = reach(command).flatMap((one) => Object.entries(one[kind] ?? {}))
  const others = all.filter(([name]) => !packages.some((one) => one.name === name))
  return Object.fromEntries(others.toSorted(([a], [b]) => a.localeCompare(b)))
}

function write(folder: string, manifest: object): void {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

/** An instance needs what runs; maps and types are for those who build on it. */
function isNeeded(path: string): boolean {
  return !/\.(?:map|d\.ts|tsbuildinfo)$/.test(basename(path))
}
