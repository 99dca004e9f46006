export { mcp } from './mcp/mcp.ts'
export { serveStdio } from './mcp/stdio.ts'
export { http } from './http/http.ts'
export { foreseeFolder } from './folder.ts'
