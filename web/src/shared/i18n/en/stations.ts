export const stations = { title: "stations" };
