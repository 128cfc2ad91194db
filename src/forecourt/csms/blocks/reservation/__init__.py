"""Reserving an EVSE for a token (block H). So far what is said and heard; who may reserve comes with its business."""
