/**
 * The five questions. Each has a default that an empty answer takes, and a flag that answers it beforehand.
 *
 * @module
 */
import { plain } from '../ink.ts'
import { Stopped } from '../stopped.ts'
import type { Found, FoundServer } from './found.ts'
import { looksPrivate } from './behind.ts'
import type { FirstApi } from './yaml.ts'

export interface InitOptions {
  readonly name?: string
  readonly approvers?: string
  readonly environment?: string
  /** `all`, `none`, or names with commas. */
  readonly servers?: string
  /** Further files to look for MCP servers in. */
  readonly from?: readonly string[]
  /** `name=origin`, or an origin. */
  readonly api?: readonly string[]
  /** `name=VARIABLE`. */
  readonly credential?: readonly string[]
}

export interface Answers {
  readonly name: string
  readonly approvers: string
  readonly environment: string
  readonly servers: readonly FoundServer[]
  readonly apis: readonly FirstApi[]
}

/** Undefined: nobody is asked, and defaults hold. */
export type AskPerson = ((question: string) => Promise<string>) | undefined

interface Known {
  readonly folderName: string
  readonly found: Found & { readonly ofHome: Found }
  /** Reads a file that they name. */
  look(file: string): Found
}

type Answer = (given: string | undefined, question: string, fallback: string) => Promise<string>

/** @throws Stopped with exit code 2 for a flag that means nothing */
export async function askFive(
  ask: AskPerson,
  options: InitOptions,
  { folderName, found, look }: Known,
): Promise<Answers> {
  const answer: Answer = async (given, question, fallback) => {
    const said = given ?? (ask && (await ask(`${question} [${fallback}] `)).trim())
    return said === undefined || said === '' ? fallback : said
  }
  const name = wellFormed(
    await answer(options.name, '1/5  What shall this deployment be called? It stands in the ledger.', folderName),
    /^[\w.-]{1,100}$/,
    'A name is letters, digits, dots and dashes',
  )
  const approvers = wellFormed(
    await answer(options.approvers, '2/5  Which group of people approves what agents want to change?', 'approvers'),
    /^[A-Za-z0-9][\w.@-]{0,99}$/,
    'A group is letters, digits, dots and dashes',
  )
  const environment = wellFormed(
    await answer(options.environment, '3/5  In which environment do your agents act? prod weighs most.', 'prod'),
    /^[\w.-]{1,100}$/,
    'An environment is letters, digits, dots and dashes',
  )
  const servers = await chosenServers(options, found, { answer, look })
  const apis = await chosenApis(ask, options)
  return { name, approvers, environment, servers, apis }
}

async function chosenServers(
  { servers: given }: InitOptions,
  { servers: here, ofHome }: Known['found'],
  { answer, look }: { answer: Answer; look: Known['look'] },
): Promise<readonly FoundServer[]> {
  const all = [...here, ...ofHome.servers]
  if (all.length === 0 && given === undefined) {
    const file = await answer(undefined, '4/5  No client here knows an MCP server. A file to look in?', 'none')
    return file === 'none' ? [] : look(file).servers
  }
  const names = (servers: readonly FoundServer[]) => servers.map(({ name }) => name).join(',')
  const listed = all.map(({ name, from }) => `\n       ${plain(name)} (${plain(from)})`).join('')
  const question = `4/5  MCP servers that your clients know:${listed}\n     Which of them go behind the gate? Names with commas, all, or none.`
  // What is the user's own is not taken without a word.
  const said = await answer(given, question, names(here) || 'none')
  if (said === 'none') return []
  if (said === 'all') return all
  const wanted = said.split(',').map((each) => each.trim())
  const missing = wanted.filter((each) => !all.some(({ name }) => name === each))
  if (missing.length > 0) {
    throw new Stopped(
      2,
      `No client here knows an MCP server ${missing.join(', ')}. There are: ${names(all) || 'none'}.`,
    )
  }
  return all.filter(({ name }) => wanted.includes(name))
}

async function chosenApis(ask: AskPerson, { api, credential = [] }: InitOptions): Promise<readonly FirstApi[]> {
  const variables = new Map(credential.map((text) => pairOf(text, '--credential', 'orders=ORDERS_TOKEN')))
  if (api === undefined && ask) {
    const origin = (
      await ask('5/5  The address of an HTTP API of yours, such as https://api.example.com? [none] ')
    ).trim()
    if (origin === '' || origin === 'none') return []
    const one = apiOf(origin, new Map())
    const variable = (
      await ask(`     Which variable holds the token for ${one.origin}? Agents never see it. [none] `)
    ).trim()
    return [{ ...one, credential: variable === '' || variable === 'none' ? undefined : variableName(variable) }]
  }
  const apis = (api ?? []).map((text) => apiOf(text, variables))
  for (const name of variables.keys()) {
    if (!apis.some((each) => each.name === name))
      throw new Stopped(2, `--credential ${name}=…: there is no --api ${name}=….`)
  }
  return apis
}

function apiOf(text: string, variables: ReadonlyMap<string, string>): FirstApi {
  const [name, address] = /^https?:/.test(text)
    ? [undefined, text]
    : pairOf(text, '--api', 'orders=https://orders.example.com')
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) throw new Stopped(2, `${text}: an API is an address over http or https.`)
  if (url.username !== '' || url.password !== '') {
    throw new Stopped(
      2,
      `${url.host}: no credential goes into the address. Put it into a variable, and name that: --credential.`,
    )
  }
  if (url.pathname !== '/' || url.search !== '') {
    throw new Stopped(2, `${text}: an origin has no path. Agents keep the path: <gateway>/<name>${url.pathname}`)
  }
  const called = name ?? nameOfHost(url.hostname)
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(called)) {
    throw new Stopped(2, `${called}: a name is small letters, digits and dashes, as it stands in addresses.`)
  }
  const variable = variables.get(called)
  return {
    name: called,
    origin: url.origin,
    private: looksPrivate(url.href),
    credential: variable === undefined ? undefined : variableName(variable),
  }
}

/** `api.github.com` → `github`, `localhost` → `api`. */
function nameOfHost(host: string): string {
  const labels = host.toLowerCase().split('.')
  if (labels.length < 2 || /^[\d.]+$|:/.test(host)) return 'api'
  const [first = 'api', second = 'api'] = labels
  return ['api', 'www'].includes(first) ? second : first
}

function pairOf(text: string, flag: string, example: string): [string, string] {
  const at = text.indexOf('=')
  if (at <= 0) throw new Stopped(2, `${flag} ${text}: write it as ${example}.`)
  return [text.slice(0, at), text.slice(at + 1)]
}

function variableName(text: string): string {
  const name = text.replace(/^\$\{?|\}$/g, '')
  return wellFormed(name, /^[A-Z_][A-Z0-9_]*$/, 'A variable is capital letters, digits and underscores')
}

function wellFormed(text: string, form: RegExp, says: string): string {
  if (!form.test(text)) throw new Stopped(2, `${says}: not ${JSON.stringify(text.slice(0, 80))}.`)
  return text
}
