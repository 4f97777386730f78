"""What OpenRLHF imports of flash-attn and calls on a GPU only."""
