import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtProgram } from '../program.ts'
import { needs } from './needs.ts'

const run = promisify(execFile)
const load = createRequire(needs('.cache/foreign/node_modules/dockerfile-utils/package.json'))

describe('what runs the instance in a container', () => {
  let folder: string
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'countersign-deploy-'))))
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('is a Dockerfile without findings, whose last stage is not root', async () => {
    const { validate } = load('dockerfile-utils') as { validate: (text: string) => readonly unknown[] }
    const text = await readFile(needs('deploy/Dockerfile'), 'utf8')
    expect(validate(text)).toEqual([])
    expect(validate(text.replace('WORKDIR', 'WORKDIRS'))).not.toEqual([])
    expect(text.slice(text.lastIndexOf('\nFROM'))).toMatch(/^USER node$/m)
  })

  it('is a compose file without findings', async () => {
    const lint = needs('.cache/foreign/node_modules/.bin/dclint')
    await run(lint, ['--max-warnings', '0', needs('deploy/compose.yaml')])
  })

  it('is a configuration that passes its check beside the sample policies', async () => {
    await cp(needs('deploy/countersign.yaml'), join(folder, 'countersign.yaml'))
    await cp(needs('policies'), join(folder, 'policies'), { recursive: true })
    const words = [await builtProgram(), 'check']
    const env = { ...process.env, DATABASE_URL: 'postgresql://countersign:x@localhost/countersign' }
    const { stdout } = await run(process.execPath, [...words, '--config', join(folder, 'countersign.yaml')], {
      cwd: needs(''),
      env,
    })
    expect(stdout).toContain('fine.')
  })
})
