"""The steps, each the file of one owner of tables; `down_revision` makes them a single line."""
