/** UDP destination ports of tunnels. Compiled by both TypeScript and AssemblyScript, hence plain numbers. */
export const VXLAN_PORT = 4789;
/** Linux's default from before IANA assigned 4789, and flannel's. */
export const LINUX_VXLAN_PORT = 8472;
export const GENEVE_PORT = 6081;
