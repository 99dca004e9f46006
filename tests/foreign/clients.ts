/**
 * Clients that others have written, run against the gateway of a whole instance, and the person who answers for them.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import type { ApprovalView } from '@countersign/schema'
import { type TestInstance, until } from '../instance.ts'

export interface Ended {
  readonly code: number
  /** Both of what it said, as a person at a terminal would see it. */
  readonly said: string
}

/** Runs a program with nothing of this process around it but the way to programs. */
export function client(
  program: string,
  words: readonly string[],
  { cwd, env = {}, input }: { cwd: string; env?: Readonly<Record<string, string>>; input?: string },
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd, env: { PATH: process.env['PATH'], HOME: cwd, LANG: 'C.UTF-8', ...env }, timeout: 90_000 }
    const child = execFile(program, words, options, (_, out, muttered) => {
      resolve({ code: child.exitCode ?? -1, said: out + muttered })
    })
    child.stdin?.end(input)
  })
}

/** Answers the next open question, however long its client takes to ask it. @returns what was asked, as Cleo read it */
export async function answered(
  instance: TestInstance,
  verdict: 'approve' | 'reject',
  reason?: string,
): Promise<ApprovalView> {
  const { cleo } = instance.people
  const open = () => cleo.get<{ items: readonly { id: string }[] }>('/api/approvals?state=open')
  let id: string | undefined
  for (let left = 6; left > 0 && id === undefined; left--)
    id = (await until(open, ({ items }) => items.length > 0)).items[0]?.id
  const question = await instance.question(id ?? '', 'cleo')
  const body = { verdict, shown: question.shown, ...(reason !== undefined && { reason }) }
  const answer = await cleo.post(`/api/approvals/${question.id}/signatures`, body)
  if (answer.status !== 200) throw new Error(`Cleo could not sign: ${answer.status} ${JSON.stringify(answer.body)}`)
  return question
}
