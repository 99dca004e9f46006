import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The same policies with a faster clock, so that nobody has to wait an hour to see a question expire. Writes what lies in
 * the folder `from` anew into the folder `to`, which it makes, and says where they are.
 */
export async function hurriedPolicies(from: string, to: string): Promise<string> {
  await mkdir(to)
  for (const name of await readdir(from)) {
    const text = await readFile(join(from, name), 'utf8')
    await writeFile(join(to, name), text.replace(unhurried, '@timeout("8s") @escalate("cfo-office after 2s")'))
  }
  return to
}

const unhurried = '@timeout("1h") @escalate("cfo-office after 30m")'
