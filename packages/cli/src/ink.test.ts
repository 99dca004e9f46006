import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { completionFor, shells } from './completion.ts'
import { instanceThat, runWith } from './fake-terminal.ts'
import { product } from './terminal.ts'
import { plain, printable, safely, takesColour } from './ink.ts'
import { createProgram } from './program.ts'

describe('G25: colour where someone looks, and nowhere else', () => {
  it.each<[string, { isTTY?: boolean }, Record<string, string>, boolean]>([
    ['a terminal', { isTTY: true }, {}, true],
    ['a pipe', {}, {}, false],
    ['a terminal whose owner wants none', { isTTY: true }, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR, which says nothing', { isTTY: true }, { NO_COLOR: '' }, true],
    ['a terminal that cannot', { isTTY: true }, { TERM: 'dumb' }, false],
  ])('%s', (_, stream, env, expected) => {
    expect(takesColour(stream, env)).toBe(expected)
  })

  it('colours change nothing but colours', async () => {
    const items = [
      { id: 'bot', name: 'bot', status: 'stopped', team: 't', groups: [], environment: 'prod', owner: 'per_1' },
    ]
    const ask = () => instanceThat({ 'GET /agents': [{ items }] })
    const [with_, without] = [
      (await runWith(['agents', 'list'], { ask, colour: true })).said,
      (await runWith(['agents', 'list'], { ask })).said,
    ]
    expect(with_).toContain('\u001b[31mstopped\u001b[39m')
    // oxlint-disable-next-line no-control-regex
    expect(with_.replaceAll(/\u001b\[\d+m/g, '')).toBe(without)
  })
})

describe('what a terminal is handed', () => {
  it('keeps line ends, tabs and our own colours', () => {
    const ours = '\u001b[1mbold\u001b[22m\n\tred \u001b[31mx\u001b[39m\r'
    expect(safely(ours)).toBe(ours)
  })

  it('shows everything else that steers by its number', () => {
    expect(safely('\u001b]52;c;eA==\u0007\u009b2J\u202Eabc')).toBe('[U+001B]]52;c;eA==[U+0007][U+009B]2J[U+202E]abc')
    expect(plain('a\nb\tc')).toBe('a[U+000A]b[U+0009]c')
  })

  it('JSON says the same to a program', () => {
    const value = { text: 'a\u001b[2J\u009b\u202E\u{E0041}\u2028é日\n', list: [1, 'x'] }
    expect(JSON.parse(printable(value))).toEqual(value)
    expect(printable(value)).not.toMatch(/[\u007f-\u009f\u2028\u202e]|\udb40/u)
  })
})

describe('G25: completion', () => {
  const program = () =>
    createProgram({ env: {}, cwd: '/', root: false, watched: false, product } as unknown as Parameters<
      typeof createProgram
    >[0])

  it.each(shells)('%s knows every command', (shell) => {
    const script = completionFor(shell, program())
    for (const word of ['agents', 'ledger', 'completion', 'retire', '--owner', 'verify']) expect(script).toContain(word)
  })

  it.each<[string, string]>([
    ['countersign ag', 'agents'],
    ['countersign agents re', 'retire'],
    ['countersign agents add x --own', '--owner'],
    ['countersign policy ex', 'explain'],
  ])('bash completes `%s`', (line, expected) => {
    const words = line.split(' ')
    const script = `${completionFor('bash', program())}
COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _countersign; printf '%s\\n' "\${COMPREPLY[@]}"`
    expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\n')).toContain(expected)
  })

  it('refuses another shell with the ones there are', async () => {
    const { code, muttered } = await runWith(['completion', 'csh'])
    expect([code, muttered]).toEqual([2, expect.stringMatching(/bash.*zsh.*fish/)])
  })
})
