export { mcp } from './mcp/mcp.ts'
export { serveStdio } from './mcp/stdio.ts'
export { http } from './http/http.ts'
export { createEgress, type Egress } from './egress.ts'
