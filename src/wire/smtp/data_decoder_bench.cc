// How fast message octets pass: a budget of 0.25 ms for a 4 KiB message leaves no room for looking
// at an octet twice without need.
#include <benchmark/benchmark.h>

#include "wire/smtp/command.h"
#include "wire/smtp/data_decoder.h"
#include "wire/smtp/data_encoder.h"

namespace posta::wire::smtp {
namespace {

constexpr std::size_t kReadOctets = 16 << 10;  // what one read from a socket gives

// Lines of `columns` characters; every `dotted`-th begins with a dot (0: none).
std::string message(std::size_t octets, std::size_t columns, int dotted) {
  std::string out;
  for (int n = 1; out.size() < octets; ++n) {
    std::string line(columns, static_cast<char>('a' + n % 26));
    if (dotted != 0 && n % dotted == 0) line.front() = '.';
    out += line + "\r\n";
  }
  return out;
}

std::string encode(std::string_view text) {
  DataEncoder encoder;
  std::string out;
  for (std::string_view part; !(part = encoder.take(text)).empty();) out += part;
  return out.append(encoder.finish());
}

void decode(benchmark::State& state, const DecoderOptions& options, int dotted) {
  const std::string octets =
      encode(message(1 << 20, static_cast<std::size_t>(state.range(0)), dotted));
  for (auto _ : state) {
    DataDecoder decoder(options);
    std::size_t sum = 0;
    for (std::string_view rest = octets; !decoder.done();) {
      std::string_view input = rest.substr(0, kReadOctets);
      const std::size_t before = input.size();
      for (std::string_view part; !(part = decoder.take(input)).empty();) sum += part.size();
      rest.remove_prefix(before - input.size());
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * octets.size()));
}

void BM_Decode(benchmark::State& state) {
  decode(state, {}, 0);
}
void BM_DecodeEveryLineDotted(benchmark::State& state) {
  decode(state, {}, 1);
}
void BM_DecodeNormalising(benchmark::State& state) {
  decode(state, {.normalise = true}, 0);
}
BENCHMARK(BM_Decode)->Arg(1)->Arg(20)->Arg(72)->Arg(998);
BENCHMARK(BM_DecodeEveryLineDotted)->Arg(72);
BENCHMARK(BM_DecodeNormalising)->Arg(72);

void BM_Decode4KiBMessage(benchmark::State& state) {
  const std::string octets = encode(message(4 << 10, 72, 0));
  for (auto _ : state) {
    DataDecoder decoder;
    std::string_view input = octets;
    std::size_t sum = 0;
    for (std::string_view part; !(part = decoder.take(input)).empty();) sum += part.size();
    benchmark::DoNotOptimize(sum);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * octets.size()));
}
BENCHMARK(BM_Decode4KiBMessage);

void BM_Encode(benchmark::State& state) {
  const std::string text = message(1 << 20, 72, 0);
  for (auto _ : state) {
    DataEncoder encoder;
    std::size_t sum = 0;
    std::string_view input = text;
    for (std::string_view part; !(part = encoder.take(input)).empty();) sum += part.size();
    benchmark::DoNotOptimize(sum);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(BM_Encode);

void BM_ParseTransaction(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        parse_command("MAIL FROM:<sender@example.net> SIZE=4096 BODY=8BITMIME"));
    benchmark::DoNotOptimize(parse_command("RCPT TO:<recipient@example.org>"));
    benchmark::DoNotOptimize(parse_command("DATA"));
  }
}
BENCHMARK(BM_ParseTransaction);

}  // namespace
}  // namespace posta::wire::smtp
