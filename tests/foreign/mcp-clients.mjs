// One client, two calls, and a word from outside between them. Run by mcp-clients.test.ts on a newer Node.js.
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const { URL_OF_SERVER: url, KEY: key, FOLDER: folder, MODULES: modules } = process.env
const { resolve } = createRequire(`${modules}x.js`)
const load = (name) => import(pathToFileURL(resolve(name)).href)
const requestInit = { headers: { authorization: `Bearer ${key}` } }
const tool = 'list_directory'
const args = { path: folder }

const clients = {
  async 'sdk-1'() {
    const { Client } = await load('@modelcontextprotocol/sdk/client/index.js')
    const { StreamableHTTPClientTransport } = await load('@modelcontextprotocol/sdk/client/streamableHttp.js')
    const client = new Client({ name: 'sdk-1', version: '1' })
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }))
    return () => client.callTool({ name: tool, arguments: args })
  },
  async 'sdk-2'() {
    const { Client, StreamableHTTPClientTransport } = await load('@modelcontextprotocol/client')
    const client = new Client({ name: 'sdk-2', version: '1' })
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }))
    return () => client.callTool({ name: tool, arguments: args })
  },
  async 'openai-agents'() {
    const { MCPServerStreamableHttp } = await load('@openai/agents')
    const server = new MCPServerStreamableHttp({ url, requestInit, name: 'files' })
    await server.connect()
    return () => server.callTool(tool, args)
  },
  async 'ai-sdk'() {
    const { createMCPClient } = await load('@ai-sdk/mcp')
    const client = await createMCPClient({ transport: { type: 'http', url, headers: requestInit.headers } })
    const tools = await client.tools()
    return () => tools[tool].execute(args, { toolCallId: 'one', messages: [] })
  },
}

const call = await clients[process.argv[2]]()
const tell = async (number) =>
  process.stdout.write(`${JSON.stringify({ call: number, text: JSON.stringify(await call()) })}\n`)
await tell(1)
await once(process.stdin, 'data')
await tell(2)
