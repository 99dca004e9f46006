import { readFile, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'

/** As whom PostgreSQL runs. It refuses to run as root, so root steps down for it. */
export interface Account {
  readonly uid: number
  /** What `spawn` is told; absent when the instance itself is not root. */
  readonly runAs: { readonly uid: number; readonly gid: number } | undefined
  /** False for a number that /etc/passwd does not know (OpenShift): initdb refuses those, postgres does not. */
  readonly named: boolean
}

const preferred = ['postgres', 'node', 'nobody']
const nobody = 65_534

/** @param folder any folder this process made: its owner is us, also where we have no name. */
export async function findAccount(folder: string): Promise<Account> {
  const { uid } = await stat(folder)
  const named = isNamed()
  if (named !== 0) return { uid: named ?? uid, runAs: undefined, named: named !== undefined }

  const people = await passwd()
  const chosen = preferred.map((name) => people.get(name)).find((found) => found !== undefined)
  const runAs = chosen ?? { uid: nobody, gid: nobody }
  return { uid: runAs.uid, runAs, named: chosen !== undefined }
}

function isNamed(): number | undefined {
  try {
    return userInfo().uid
  } catch {
    return undefined // no passwd entry
  }
}

async function passwd(): Promise<Map<string, { uid: number; gid: number }>> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'))
  return new Map(lines.map(([name = '', , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]))
}
