export const provisioning = {};
