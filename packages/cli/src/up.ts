/**
 * `countersign up`: everything on this machine; `--demo` with a company around it. `serve`: as configured.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Demo, openDemo, send, steps } from '@countersign/demo'
import { Config, createLog, parseConfig, startHouse } from '@countersign/server'
import { type Hand, makeDataDir } from './hand.ts'
import { Stopped } from './stopped.ts'

export interface UpOptions {
  readonly demo?: boolean
  readonly fresh?: boolean
  readonly data?: string
  readonly config?: string
  readonly port?: string
}

export const dataDirOf = (hand: Hand, data: string | undefined): string =>
  resolve(hand.cwd, data ?? hand.env['COUNTERSIGN_DATA'] ?? '.countersign')

export async function up(hand: Hand, options: UpOptions): Promise<void> {
  const dataDir = dataDirOf(hand, options.data)
  await makeDataDir(hand, dataDir)
  if (options.demo) return upWithDemo(hand, options, join(dataDir, 'demo'))

  const { config, baseDir } = readConfig(hand, options.config)
  if (config.identity?.issuer.includes('/demo/idp')) {
    throw new Stopped(2, 'The demo’s identity provider is for the demo alone: anyone can be anyone there.')
  }
  const log = createLog(hand.mutter)
  const { consoleDir, version } = hand.product
  const house = await startHouse({ config, dataDir, baseDir, consoleDir, version, log })
  hand.say(`Countersign stands at ${house.url}`)
  if (house.welcome) hand.say(`First administrator, once, within 15 minutes: ${house.welcome}`)
  await hand.stopped()
  await house.close()
}

async function upWithDemo(hand: Hand, { fresh, port = '4600' }: UpOptions, dataDir: string): Promise<void> {
  if (fresh) await rm(dataDir, { recursive: true, force: true })
  await makeDataDir(hand, dataDir)
  const { consoleDir, policies, version } = hand.product
  const log = createLog(hand.mutter)
  const quiet = (line: Parameters<typeof log>[0]) => (line.level === 'info' ? undefined : log(line))
  const first = !existsSync(join(dataDir, 'demo-keys.json'))
  const number = Number(port)
  const demo = await openDemo({
    dataDir,
    port: number,
    httpPort: number + 1,
    policies,
    consoleDir,
    version,
    log: quiet,
  })
  if (first)
    await send(steps.export, {
      ...demo.house,
      publicUrl: demo.house.url,
      gatewayUrl: demo.gatewayUrl,
      key: demo.keys['finance-bot'],
    })
  hand.say(welcome(demo))
  await hand.stopped()
  hand.say('Closing …')
  await demo.close()
}

const welcome = ({ house, gatewayUrl, keys }: Demo) => `
  Countersign stands.   ${house.url}
  A question waits there. Sign in as Ben to answer it, or as Ana to see why she cannot.

  Be an agent yourself: this export is held until someone signs it.

    curl -i -X POST ${gatewayUrl}/company/finance/exports \\
      -H 'authorization: Bearer ${keys['finance-bot']}' \\
      -H 'content-type: application/json' -H 'prefer: wait=60' -H 'countersign-purpose: Trying it out' \\
      -d '{"dataset":"finance.ledger","rows":5000,"destination":"warehouse.acme.example","format":"csv"}'

  Give Claude Code the file tools, through the gate:

    claude mcp add --transport http files ${house.url}/mcp/files --header 'Authorization: Bearer ${keys['ops-bot']}'

  Or look through the MCP inspector (Node 22 or later):

    npx @modelcontextprotocol/inspector@2.12.0 --cli ${house.url}/mcp/files --transport http \\
      --header 'Authorization: Bearer ${keys['ops-bot']}' --method tools/list

  Verify the ledger:  npx countersign ledger verify ${house.url}
  Ctrl-C stops all of it; the next start finds its data. \`npm start -- --fresh\` begins anew.
`

export function readConfig(hand: Hand, file: string | undefined): { config: Config; baseDir: string; path: string } {
  const path = resolve(hand.cwd, file ?? 'countersign.yaml')
  if (!existsSync(path)) {
    if (file !== undefined) throw new Stopped(2, `There is no ${path}.`)
    return {
      config: Config.parse({ policies: hand.product.policies, registry: join(hand.product.policies, 'registry.yaml') }),
      baseDir: hand.cwd,
      path,
    }
  }
  const readFile = (name: string) => readFileSync(resolve(dirname(path), name), 'utf8')
  return { config: parseConfig(readFileSync(path, 'utf8'), { env: hand.env, readFile }), baseDir: dirname(path), path }
}
