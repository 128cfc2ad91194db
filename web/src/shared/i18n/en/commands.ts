export const commands = { title: "commands" };
