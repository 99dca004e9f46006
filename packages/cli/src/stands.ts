/**
 * What is said at the terminal once Countersign stands, and when the story of the demo is over: the next step, always.
 *
 * @module
 */
import type { Demo } from '@countersign/demo'

export interface Stands {
  readonly url: string
  /** The one-time link for the first administrator, while there is none. */
  readonly welcome: string | undefined
  /**
   * Where people who sign in come from; `nobody` can where no provider is connected and others than this machine reach
   * it.
   */
  readonly people: 'of a provider' | 'local' | 'nobody'
  /** As `--data` named it. */
  readonly data: string | undefined
}

export function stands({ url, welcome, people, data }: Stands): string {
  return [
    `Countersign stands at ${url}`,
    ...(welcome === undefined ? [] : [`First administrator, once, within 15 minutes: ${welcome}`]),
    ...whoSignsIn(people, data),
  ].join('\n')
}

function whoSignsIn(people: Stands['people'], data: string | undefined): string[] {
  switch (people) {
    case 'of a provider':
      return []
    case 'local':
      return [
        'No identity provider is connected: people are local. Who signs in is proven on this machine and nowhere beyond it.',
        `Add someone, in another terminal: countersign people add <id> --groups <group>${data === undefined ? '' : ` --data ${inShell(data)}`}`,
      ]
    case 'nobody':
      return [
        'Nobody can sign in: no identity provider is connected, and local people are for an address of this machine alone.',
        'Add the section `identity` (docs/connect-an-identity-provider.md), then: countersign check --connect',
      ]
  }
}

const inShell = (word: string) => (/^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

type Shown = Pick<Demo, 'gatewayUrl'> & { readonly instance: Pick<Demo['instance'], 'url'> } & {
  readonly keys: Pick<Demo['keys'], 'finance-bot' | 'ops-bot'>
}

export const demoStands = ({ instance, gatewayUrl, keys }: Shown): string => `
  Countersign stands.   ${instance.url}
  A question waits there. Sign in as Ben to answer it, or as Ana to see why she cannot.

  Be an agent yourself: this export is held until someone approves it.

    curl -i -X POST ${gatewayUrl}/company/finance/exports \\
      -H 'authorization: Bearer ${keys['finance-bot']}' \\
      -H 'content-type: application/json' -H 'prefer: wait=60' -H 'countersign-purpose: Trying it out' \\
      -d '{"dataset":"finance.ledger","rows":5000,"destination":"warehouse.acme.example","format":"csv"}'

  Give Claude Code the file tools, through the gate:

    claude mcp add --transport http files ${instance.url}/mcp/files --header 'Authorization: Bearer ${keys['ops-bot']}'

  Or look through the MCP inspector (Node 22 or later):

    npx @modelcontextprotocol/inspector@2.12.0 --cli ${instance.url}/mcp/files --transport http \\
      --header 'Authorization: Bearer ${keys['ops-bot']}' --method tools/list

  Verify the ledger:  npx countersign ledger verify ${instance.url}

  Put servers of your own behind a gate: in a folder of yours,

    countersign init

  Ctrl-C stops all of it; the next start finds its data, and \`--fresh\` begins anew.
`

export const storyIsOver =
  'Now with servers of your own: `countersign init` in a folder of yours, and docs/quick-start.md.'
