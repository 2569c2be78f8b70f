"""What was tried, in the open: for each number whose definition the paper leaves loose, the computations it admits.

Every function takes frames as `capelib.tables` gives them and returns a dict from the name of a definition to the
number it gives, for the `alternatives` of `capelib.claims.check`. Nothing is chosen by its result: a definition stands
in a list because a reader could take the paper's words to mean it, and it stays when it fails. One module per family of
claims:

- `pythia`: coupling.r_pythia, coupling.p_pythia, coupling.r_pythia_wg, coupling.r_pythia_mmlu
- `whole_panel`, `bayes`: coupling.r_all63, coupling.p_all63, coupling.bayes_factor
- `large`: coupling.r_large
- `families`: coupling.n_standard_families, nc.n_phi, nc.n_qwen3
- `running_line`: coupling.slope, coupling.intercept, coupling.running_r2
- `critical`: nc.bloom, nc.cerebras, nc.gptneo, nc.opt, nc.falcon, nc.pythia, nc.pythia_table, nc.spread
- `width`: width.*_raw, width.*_norm
- `olmo`: olmo.gamma, olmo.delta_hs, olmo.tqa
- `phases`, `effective_dimension`: coupling.threshold, deff.n_transition, deff.tax, deff.bonus, deff.frontier
- `frontier`: frontier.p, frontier.loo_mae, companion.slope_ci, companion.intercept_ci, companion.top5_swe_spread,
  companion.top5_gpqa_spread, companion.opt_drop
"""
