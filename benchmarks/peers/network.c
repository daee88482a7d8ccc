/* One training step of a small network in plain C; every inner loop runs over the samples of the batch.
   Parameters: row by row the weights of a neuron, then its bias. */

#include <string.h>
#include <tgmath.h>

#ifndef number
#define number double
#endif

double step(const long *sizes, long depth, int use_tanh, int softmax, number *p, long count, const number *x,
            const long *label, long n, double rate, double decay, number *room)
{
    number *value[16], *delta[16], *gradient = room, loss = 0.0;
    room += count;
    value[0] = (number *)x;
    for (long l = 1; l < depth; l++) {
        value[l] = room;
        delta[l] = room + sizes[l] * n;
        room += 2 * sizes[l] * n;
    }

    const number *w = p;
    for (long l = 1; l < depth; l++)
        for (long o = 0; o < sizes[l]; o++) {
            number *restrict z = value[l] + o * n;
            const number bias = w[sizes[l - 1]];
            for (long s = 0; s < n; s++) z[s] = bias;
            for (long i = 0; i < sizes[l - 1]; i++) {
                const number *restrict a = value[l - 1] + i * n;
                const number k = w[i];
                for (long s = 0; s < n; s++) z[s] += k * a[s];
            }
            if (l < depth - 1) {
                if (use_tanh)
                    for (long s = 0; s < n; s++) z[s] = tanh(z[s]);
                else
                    for (long s = 0; s < n; s++) z[s] = z[s] > 0.0 ? z[s] : 0.0;
            }
            w += sizes[l - 1] + 1;
        }

    const long last = depth - 1, outputs = sizes[last];
    number *out = value[last], *d = delta[last];
    if (softmax) {
        for (long s = 0; s < n; s++) {
            number total = 0.0, highest = out[s];
            for (long o = 1; o < outputs; o++) if (out[o * n + s] > highest) highest = out[o * n + s];
            for (long o = 0; o < outputs; o++) total += d[o * n + s] = exp(out[o * n + s] - highest);
            for (long o = 0; o < outputs; o++) d[o * n + s] /= total * n;
            d[label[s] * n + s] -= 1.0 / n;
            loss += (log(total) + highest - out[label[s] * n + s]) / n;
        }
    } else {
        for (long s = 0; s < n; s++) {
            const number margin = 1.0 - label[s] * out[s];
            loss += margin > 0.0 ? margin / n : 0.0;
            d[s] = margin > 0.0 ? -(number)label[s] / n : 0.0;
        }
    }
    for (long k = 0; k < count; k++) loss += decay * p[k] * p[k];

    number *g = gradient + count;
    w = p + count;
    for (long l = last; l > 0; l--) {
        g -= sizes[l] * (sizes[l - 1] + 1);
        w -= sizes[l] * (sizes[l - 1] + 1);
        if (l > 1) memset(delta[l - 1], 0, sizes[l - 1] * n * sizeof(number));
        for (long o = 0; o < sizes[l]; o++) {
            const number *restrict e = delta[l] + o * n;
            const long row = o * (sizes[l - 1] + 1);
            number bias = 0.0;
            for (long s = 0; s < n; s++) bias += e[s];
            g[row + sizes[l - 1]] = bias;
            for (long i = 0; i < sizes[l - 1]; i++) {
                const number *restrict a = value[l - 1] + i * n;
                number sum = 0.0;
                for (long s = 0; s < n; s++) sum += e[s] * a[s];
                g[row + i] = sum;
                if (l > 1) {
                    number *restrict back = delta[l - 1] + i * n;
                    const number k = w[row + i];
                    for (long s = 0; s < n; s++) back[s] += k * e[s];
                }
            }
        }
        if (l > 1)
            for (long k = 0; k < sizes[l - 1] * n; k++)
                delta[l - 1][k] *= use_tanh ? (number)1.0 - value[l - 1][k] * value[l - 1][k] : value[l - 1][k] > 0.0;
    }
    for (long k = 0; k < count; k++) p[k] -= rate * (gradient[k] + 2.0 * decay * p[k]);
    return loss;
}
