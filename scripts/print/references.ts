import { readFile } from 'node:fs/promises'
import { format, type FormatOptions } from 'oxfmt'
import { configurationPage } from './configuration.ts'
import { errorsPage } from './errors.ts'
import { limitsPage } from './limits.ts'
import { openApiDocument } from './openapi.ts'

export interface Reference {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

/** Every reference as it should lie in the repository, formatted like everything else there. */
export async function printReferences(): Promise<readonly Reference[]> {
  const options = JSON.parse(await readFile(new URL('../../.oxfmtrc.json', import.meta.url), 'utf8')) as FormatOptions
  const pages = {
    'docs/errors.md': errorsPage(),
    'docs/configuration.md': configurationPage(),
    'docs/limits.md': limitsPage(),
    'docs/openapi.json': JSON.stringify(await openApiDocument()),
  }
  return Promise.all(
    Object.entries(pages).map(async ([path, text]) => ({ path, text: (await format(path, text, options)).code })),
  )
}
