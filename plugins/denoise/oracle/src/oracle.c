/* RNNoise's denoiser, and a look at what it keeps to itself: the pitch that it decided on. */

#include "denoise.c"

int oracle_period(const DenoiseState *state) {
  return state->last_period;
}

float oracle_gain(const DenoiseState *state) {
  return state->last_gain;
}
