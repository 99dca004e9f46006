import { type ChildProcess, spawn } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import { descendantsOf, inspect, type Process } from './processes.ts'
import { type Family, getsOn, watch } from './watch.ts'

const someone = (pid: number, state = 'S', worked = '3 4'): Process => ({ pid, parent: 1, command: '', state, worked })
const family = (postmaster: Process, ...children: Process[]): Family => ({ postmaster, children })

describe('a server that does not answer', () => {
  const before = family(someone(10), someone(11), someone(12))

  it.each<[string, Family, boolean]>([
    ['stands still where nobody has worked', before, false],
    ['stands still where only the postmaster has worked: it turns people away', family(someone(10, 'S', '9 9')), false],
    ['stands still where somebody new has worked: who is turned away', family(someone(10), someone(13)), false],
    ['stands still where its startup process has left and nobody begins another', family(someone(10)), false],
    ['gets on where one of its processes has worked', family(someone(10), someone(11), someone(12, 'S', '3 5')), true],
    ['gets on where one waits for a disk', family(someone(10), someone(12, 'D')), true],
    ['gets on where one waits for a disk on macOS', family(someone(10), someone(12, 'Us')), true],
    ['is left alone where somebody holds one of them', family(someone(10), someone(11), someone(12, 'T')), true],
    ['is left alone where a debugger holds the first of them', family(someone(10, 't'), someone(11)), true],
  ])('%s', (_, now, expected) => {
    expect(getsOn(before, now)).toBe(expected)
  })
})

describe('the watch', () => {
  const born: ChildProcess[] = []
  afterEach(() => {
    for (const child of born.splice(0)) child.kill('SIGKILL')
  })

  function shell(script: string): { pid: number; ended: AbortSignal } {
    const child = spawn('/bin/sh', ['-c', script], { stdio: 'ignore' })
    born.push(child)
    const ended = new AbortController()
    child.once('exit', () => ended.abort())
    return { pid: child.pid ?? 0, ended: ended.signal }
  }

  it('kills one that neither answers nor works, and all that it started, also if it is deaf to SIGQUIT (P14)', async () => {
    const { pid, ended } = shell('trap "" QUIT; sleep 1000 & wait')
    await expect.poll(() => descendantsOf(pid)).toHaveLength(1)
    const [child] = await descendantsOf(pid)
    const heard: string[] = []
    const answers = async () => heard.push('asked') === 0
    await watch({ answers, postmaster: async () => pid, restMs: 1, onStuck: () => void heard.push('stuck') }, ended)
    expect(heard.indexOf('stuck')).toBe(11) // the first look has nothing to be compared with
    await expect.poll(() => inspect(child?.pid ?? 0)).not.toMatchObject({ state: 'S' })
  })

  it('waits for one that somebody holds, however long', async () => {
    const { pid, ended } = shell('sleep 1000')
    process.kill(pid, 'SIGSTOP')
    const heard: string[] = []
    const answers = async () => {
      if (heard.push('asked') === 50) process.kill(pid, 'SIGKILL')
      return false
    }
    await watch({ answers, postmaster: async () => pid, restMs: 1, onStuck: () => void heard.push('stuck') }, ended)
    expect(heard).not.toContain('stuck')
  })

  it('touches nothing that it does not see', async () => {
    const heard: string[] = []
    const enough = new AbortController()
    const answers = async () => {
      if (heard.push('asked') === 50) enough.abort()
      return false
    }
    const unseen = { answers, postmaster: async () => undefined, restMs: 1, onStuck: () => void heard.push('stuck') }
    await watch(unseen, enough.signal)
    expect(heard).not.toContain('stuck')
  })
})
