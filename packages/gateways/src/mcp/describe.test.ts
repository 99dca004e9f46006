import { type ExactJson, parseExactJson, seal } from '@countersign/core'
import type { Json } from '@countersign/schema'
import fc from 'fast-check'
import { describe as group, expect, it } from 'vitest'
import { ServerConfig } from './config.ts'
import { describe, prospectOf } from './describe.ts'
import { parametersOf, restore } from './parameters.ts'

const cel = (text: string) => ({ cel: text })

const secrets = {
  keep: async (value: string) => `secret:${value.length}`,
  reveal: async (reference: string) => reference,
}

function say(
  config: object,
  name: string,
  args: Record<string, Json>,
  more: { annotations?: Record<string, boolean>; meta?: Record<string, Json> } = {},
) {
  const server = ServerConfig.parse({ command: ['none'], ...config })
  const tool = { name, inputSchema: { type: 'object' as const }, annotations: more.annotations ?? {} }
  return describe({ server: 's', config: server, tool, definition: 'f00', args, meta: more.meta ?? {} }, secrets)
}

it('what is foreseen of a tool holds for every call of it', async () => {
  const config = ServerConfig.parse({ command: ['none'], preset: 'filesystem', environment: 'dev' })
  for (const tool of ['write_file', 'read_text_file', 'anything']) {
    const { action } = await say(config, tool, { path: '/a' })
    const { resource = action.resources[0], ...foreseen } = prospectOf('s', config, tool)
    expect(action).toMatchObject(foreseen)
    expect(action.resources).toEqual([resource])
  }
})

group('what a call means', () => {
  const files = { preset: 'filesystem' }
  it.each<[string, object, string, Record<string, Json>, string, object[]]>([
    ['a tool nobody described', {}, 'x', {}, 'tool.call', [{ kind: 'tool', name: 's/x' }]],
    [
      'a tool whose name sounds harmless',
      {},
      'read_file',
      { path: '/a' },
      'tool.call',
      [{ kind: 'tool', name: 's/read_file' }],
    ],
    ['a file that is read', files, 'read_text_file', { path: '/a' }, 'file.read', [{ kind: 'file', name: '/a' }]],
    ['a file that is written', files, 'write_file', { path: '/a' }, 'file.write', [{ kind: 'file', name: '/a' }]],
    [
      'a path that leads up',
      files,
      'write_file',
      { path: '/a/../b' },
      'file.write',
      [{ kind: 'unknown', name: '/a/../b' }],
    ],
    ['a path from who knows where', files, 'write_file', { path: 'a' }, 'file.write', [{ kind: 'unknown', name: 'a' }]],
    ['a path to a home', files, 'write_file', { path: '~/a' }, 'file.write', [{ kind: 'unknown', name: '~/a' }]],
    ['no path', files, 'write_file', {}, 'file.write', [{ kind: 'unknown', name: 's/write_file' }]],
    [
      'a path that is no text',
      files,
      'write_file',
      { path: 3 },
      'file.write',
      [{ kind: 'unknown', name: 's/write_file' }],
    ],
    [
      'two files',
      files,
      'move_file',
      { source: '/a', destination: '/b' },
      'file.write',
      [
        { kind: 'file', name: '/a' },
        { kind: 'file', name: '/b' },
      ],
    ],
    [
      'too many files',
      files,
      'read_multiple_files',
      { paths: Array.from({ length: 51 }, (_, at) => `/${at}`) },
      'file.read',
      [{ kind: 'unknown', name: 's/read_multiple_files' }],
    ],
    [
      'a rule before the preset',
      { ...files, tools: { write_file: {} } },
      'write_file',
      { path: '/a' },
      'tool.call',
      [{ kind: 'tool', name: 's/write_file' }],
    ],
    [
      'a tool named like what every object has',
      files,
      'constructor',
      {},
      'tool.call',
      [{ kind: 'tool', name: 's/constructor' }],
    ],
  ])('%s', async (_, config, name, args, verb, resources) => {
    const { action } = await say(config, name, args)
    expect(action).toMatchObject({
      verb,
      resources,
      parameters: { server: 's', tool: name, arguments: args },
      definition: 'f00',
    })
  })

  it('P13: lineage comes from the operator’s words, and is unknown where they cannot tell', async () => {
    const rule = { reads: cel('["crm." + arguments.table]'), writes: [], destination: cel('arguments.to') }
    const config = { tools: { export: { verb: 'data.export', ...rule } } }
    const known = await say(config, 'export', { table: 'customers', to: 's3://x' })
    expect(known.context.lineage).toEqual({ reads: [{ name: 'crm.customers' }], writes: [], destination: 's3://x' })
    const unknown = await say(config, 'export', { other: 1 })
    expect(unknown.context.lineage).toEqual({ writes: [] })
    const several = await say(config, 'export', { table: 'customers', to: ['warehouse', 's3://x'] })
    expect(several.context.lineage).toEqual({ reads: [{ name: 'crm.customers' }], writes: [] })
  })

  it('P13: more names than anybody could look at are unknown', async () => {
    const config = { tools: { query: { reads: cel('arguments.tables'), writes: [] } } }
    const tables = Array.from({ length: 201 }, (_, index) => `t${index}`)
    expect((await say(config, 'query', { tables })).context.lineage).toEqual({ writes: [] })
    const few = await say(config, 'query', { tables: tables.slice(1) })
    expect(few.context.lineage.reads).toHaveLength(200)
  })

  it('P13: an empty list of the agent’s own is not the operator’s word that nothing is touched', async () => {
    const config = { tools: { query: { reads: cel('arguments.tables'), writes: [] } } }
    const { context } = await say(config, 'query', { tables: [] })
    expect(context.lineage).toEqual({ writes: [] })
  })

  it.each<[string, object, Record<string, boolean>, object]>([
    ['says nothing', {}, {}, { destructive: false, effect: 'write' }],
    ['calls itself destructive', {}, { destructiveHint: true }, { destructive: true, effect: 'write' }],
    ['calls itself harmless', {}, { readOnlyHint: true }, { destructive: false, effect: 'write' }],
    ['calls itself harmless and is believed', { trustAnnotations: true }, { readOnlyHint: true }, { effect: 'read' }],
  ])('a tool that %s', async (_, config, annotations, context) => {
    expect((await say(config, 'x', {}, { annotations })).context).toMatchObject(context)
  })

  it.each<[Json | undefined, object | undefined]>([
    [undefined, undefined],
    ['because', { text: 'because' }],
    [
      { text: 'because', workItem: 'OPS-1' },
      { text: 'because', workItem: 'OPS-1' },
    ],
  ])('the purpose %j', async (given, purpose) => {
    const meta = given === undefined ? {} : { 'countersign/purpose': given }
    expect((await say({}, 'x', {}, { meta })).context.purpose).toEqual(purpose)
  })

  it.each<[Json]>([['x'.repeat(2001)], [3], [{ text: 'x', workItem: 'y'.repeat(201) }]])(
    'a purpose that is none is refused',
    async (given) => {
      await expect(say({}, 'x', {}, { meta: { 'countersign/purpose': given } })).rejects.toMatchObject({
        code: 'ERR_INPUT_INVALID',
      })
    },
  )

  it('P1: what the client adds about itself is not part of the action', async () => {
    const plain = await say({}, 'x', { a: 1 })
    const marked = await say({}, 'x', { a: 1 }, { meta: { 'claudecode/toolUseId': 'toolu_1', progressToken: 4 } })
    expect(marked.action).toEqual(plain.action)
    expect(marked.context.trace).toBe('toolu_1')
  })

  it('P9: no name can break out of the sentence', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (path) => {
        const { context } = await say(files, 'write_file', { path: `/${path}` })
        expect(context.sentence).toMatch(/^Change "[^\n\p{C}]*" with s\/write_file$/u)
      }),
    )
  })

  const refused: [string, object][] = [
    ['that does not parse', { resources: [{ kind: 'file', name: cel('arguments.path +') }] }],
    ['over what is not offered', { destination: cel('body.to') }],
    ['B2: with a pattern', { reads: cel('arguments.names.filter(x, x.matches("(x+)+y"))') }],
    ['B2: with a loop in a loop', { reads: cel('arguments.a.map(x, arguments.a.map(y, x + y)[0])') }],
    ['B2: that searches for an argument', { sentence: cel('arguments.a.contains(arguments.b) ? "a" : "b"') }],
    ['that is written as text', { destination: 'arguments.to' }],
    ['that is written as the name of a resource', { resources: [{ kind: 'file', name: 'arguments.path' }] }],
  ]
  it.each(refused)('an expression %s is refused when the configuration is read', (_, rule) => {
    expect(ServerConfig.safeParse({ command: ['none'], tools: { x: rule } }).success).toBe(false)
  })

  it('G5: a tool can have a sentence of the operator, and a number of rows', async () => {
    const rule = {
      sentence: cel('"Delete " + string(arguments.rows) + " rows of " + arguments.table'),
      rows: cel('arguments.rows'),
      effect: 'delete',
    }
    const { context } = await say({ tools: { delete_rows: rule } }, 'delete_rows', { table: 'crm.customers', rows: 14 })
    expect(context).toMatchObject({
      sentence: 'Delete 14 rows of crm.customers',
      measures: { rows: 14 },
      effect: 'delete',
    })
    const other = await say({ tools: { delete_rows: rule } }, 'delete_rows', { table: 'crm.customers' })
    expect(other.context).toMatchObject({ sentence: 'Call s/delete_rows with table "crm.customers"', measures: {} })
  })

  it('H4: the operation is the stable name of what is done, so that "first time" is of this tool', async () => {
    expect((await say({}, 'delete_rows', {})).action.operation).toBe('s/delete_rows')
    expect((await say({}, 'list_rows', {})).action.operation).toBe('s/list_rows')
    expect(prospectOf('s', ServerConfig.parse({ command: ['none'] }), 'list_rows').operation).toBe('s/list_rows')
  })
})

group('A1: arguments that two readers could read in two ways are refused, with the two names said', () => {
  const rule = { tools: { export: { reads: cel('[arguments.dataset]'), rows: cel('arguments.?rows.orValue(0)') } } }
  it.each<[string, object, Record<string, Json>, string]>([
    ['case', {}, { Path: '/evil', path: '/safe' }, '"Path" and "path"'],
    ['deep inside', {}, { where: [{ id: 1, ID: 2 }] }, '"id" and "ID"'],
    ['a long s', {}, { rows: 1, 'row\u017F': 2 }, '"rows" and "row\\u017f"'],
    ['NUL', {}, { rows: 1, 'rows\0': 2 }, '"rows" and "rows\\u0000"'],
    ['one name alone, in another spelling than it is read', rule, { dataset: 'a', Rows: 5 }, '"Rows" is "rows"'],
  ])('%s', async (_, config, args, names) => {
    await expect(say(config, 'export', args)).rejects.toMatchObject({
      code: 'ERR_INPUT_INVALID',
      detail: { reading: expect.stringContaining(names) },
    })
  })

  it('a tool lets it through by name', async () => {
    const config = { tools: { export: { alike: ['path'] } } }
    expect((await say(config, 'export', { Path: '/a', path: '/b' })).action.parameters.arguments).toEqual({
      Path: '/a',
      path: '/b',
    })
  })
})

group('what is sent of a call', () => {
  const sent = async (config: object, args: Record<string, ExactJson>) => {
    const { action } = await say(config, 'x', args as Record<string, Json>)
    return { action, text: await restore(parametersOf(seal({ ...drafted, ...action }).action.parameters), vault) }
  }
  const drafted = { tenant: 'default', agent: 'a' } as const
  const vault = { ...secrets, reveal: async () => '"hunter2"' }

  it('A3: is the canonical form that was hashed, whoever wrote it in which order', async () => {
    const one = await sent({}, { b: 1, a: { z: 1, y: [{ d: 1, c: 2 }] }, '10': 1, '9': 1 })
    const other = await sent({}, { '9': 1, a: { y: [{ c: 2, d: 1 }], z: 1 }, '10': 1, b: 1 })
    expect(one.text).toBe('{"10":1,"9":1,"a":{"y":[{"c":2,"d":1}],"z":1},"b":1}')
    expect(other.text).toBe(one.text)
  })

  it('F5: has every digit of a number that a double cannot hold', async () => {
    const args = parseExactJson('{"id":1234567890123456789,"x":1e+20,"n":1.5}') as Record<string, ExactJson>
    const { action, text } = await sent({}, args)
    expect(text).toBe('{"id":1234567890123456789,"n":1.5,"x":100000000000000000000}')
    expect(action.parameters.arguments).toBe(text)
  })

  it('has its secrets in place, where the parameters say that they stand and nowhere else', async () => {
    const { action, text } = await sent(
      { tools: { x: { secrets: ['/auth/key'] } } },
      { auth: { key: 'hunter2' }, n: 'secret:9' },
    )
    expect(JSON.stringify(action)).not.toContain('hunter2')
    expect(text).toBe('{"auth":{"key":"hunter2"},"n":"secret:9"}')
  })
})
