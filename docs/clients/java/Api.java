// An API on the JDK's own server, Java 17 or later: java Api.java. A live token for everything, one with the scope `deploy` for /deploy.
// Three lines are yours to change: VERIFY_URL, TIMEOUT and the address in main.

import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;

import static java.nio.charset.StandardCharsets.UTF_8;

public class Api {
    static final String VERIFY_URL = "http://127.0.0.1:8080/verify";
    static final Duration TIMEOUT = Duration.ofSeconds(10);

    static final List<String> CREDENTIALS = List.of("Authorization", "X-API-Key", "Token");
    /** What apitoken says to the caller. Anything else is no answer. */
    static final Set<Integer> REFUSALS = Set.of(400, 401, 403, 429, 431);

    /** Never follows a redirect, which would carry the credential somewhere else. HTTP/1.1: without an offer to switch to HTTP/2. */
    static final HttpClient CLIENT = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(TIMEOUT)
        .build();

    record Token(String id, String name, String owner, List<String> scopes) {}

    /** Asks apitoken about each request, and remembers nothing: a revocation counts on the next one. A null scope demands none. */
    static class MayPass extends Filter {
        private final URI uri;

        MayPass(String scope) {
            uri = URI.create(scope == null ? VERIFY_URL : VERIFY_URL + "?scope=" + URLEncoder.encode(scope, UTF_8));
        }

        @Override
        public void doFilter(HttpExchange exchange, Chain chain) throws IOException {
            HttpResponse<Void> answer;
            try {
                answer = CLIENT.send(questionAbout(exchange), HttpResponse.BodyHandlers.discarding());
            } catch (IllegalArgumentException notAHeader) {
                refuse(exchange, 400);
                return;
            } catch (IOException nobody) {
                refuseUnknown(exchange);
                return;
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                refuseUnknown(exchange);
                return;
            }
            var said = answer.headers();
            var id = said.firstValue("x-token-id");
            if (answer.statusCode() == 200 && id.isPresent()) {
                // A plus is a plus there, and no space.
                var name = URLDecoder.decode(said.firstValue("x-token-name").orElse("").replace("+", "%2B"), UTF_8);
                var scopes = List.of(said.firstValue("x-token-scopes").orElse("").split(" ")).stream().filter(each -> !each.isEmpty()).toList();
                exchange.setAttribute("token", new Token(id.get(), name, said.firstValue("x-token-owner").orElse(""), scopes));
                chain.doFilter(exchange);
            } else if (REFUSALS.contains(answer.statusCode())) {
                for (var header : List.of("WWW-Authenticate", "Retry-After")) {
                    said.firstValue(header).ifPresent(value -> exchange.getResponseHeaders().set(header, value));
                }
                refuse(exchange, answer.statusCode());
            } else {
                refuseUnknown(exchange);
            }
        }

        private HttpRequest questionAbout(HttpExchange exchange) {
            var question = HttpRequest.newBuilder(uri).timeout(TIMEOUT).GET();
            for (var name : CREDENTIALS) {
                for (var value : exchange.getRequestHeaders().getOrDefault(name, List.of())) question.header(name, value);
            }
            question.header("X-Forwarded-For", exchange.getRemoteAddress().getAddress().getHostAddress());
            return question.build();
        }

        private static void refuseUnknown(HttpExchange exchange) throws IOException {
            exchange.getResponseHeaders().set("Retry-After", "5");
            refuse(exchange, 503);
        }

        private static void refuse(HttpExchange exchange, int status) throws IOException {
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        }

        @Override
        public String description() {
            return "asks apitoken";
        }
    }

    public static void main(String[] args) throws IOException {
        HttpHandler answer = exchange -> {
            var token = (Token) exchange.getAttribute("token");
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            var body = "{\"id\":\"%s\",\"name\":\"%s\",\"owner\":\"%s\",\"scopes\":[%s]}".formatted(
                token.id(), token.name().replace("\\", "\\\\").replace("\"", "\\\""), token.owner(),
                String.join(",", token.scopes().stream().map(scope -> '"' + scope + '"').toList())).getBytes(UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        };
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", 3000), 0);
        server.setExecutor(Executors.newFixedThreadPool(32));
        server.createContext("/", answer).getFilters().add(new MayPass(null));
        server.createContext("/deploy", answer).getFilters().add(new MayPass("deploy"));
        server.start();
    }
}
