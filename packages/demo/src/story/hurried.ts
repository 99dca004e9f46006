import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The same policies with a faster clock, so that nobody has to wait an hour to see a question expire. Copies the folder
 * `from` to `to`, and says where they are.
 */
export async function hurriedPolicies(from: string, to: string): Promise<string> {
  await cp(from, to, { recursive: true })
  for (const name of await readdir(to)) {
    if (!name.endsWith('.cedar')) continue
    const text = await readFile(join(to, name), 'utf8')
    await writeFile(join(to, name), text.replace(unhurried, '@timeout("8s") @escalate("cfo-office after 2s")'))
  }
  return to
}

const unhurried = '@timeout("1h") @escalate("cfo-office after 30m")'
