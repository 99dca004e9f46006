import { cel, type Preset } from './preset.ts'

const on = (verb: 'file.read' | 'file.write', ...names: readonly string[]) => ({
  verb,
  resources: names.map((name) => ({ kind: 'file' as const, name: cel(name) })),
})

const reads = on('file.read', 'arguments.path')
const writes = on('file.write', 'arguments.path')

/** https://github.com/modelcontextprotocol/servers/tree/main/src/filesystem */
export const filesystem = {
  read_file: reads,
  read_text_file: reads,
  read_media_file: reads,
  read_multiple_files: on('file.read', 'arguments.paths'),
  list_directory: reads,
  list_directory_with_sizes: reads,
  directory_tree: reads,
  search_files: reads,
  get_file_info: reads,
  write_file: writes,
  edit_file: writes,
  create_directory: writes,
  move_file: on('file.write', 'arguments.source', 'arguments.destination'),
} satisfies Preset
