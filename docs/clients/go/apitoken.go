package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Two lines are yours to change.
const verifyURL = "http://127.0.0.1:8080/verify"
const timeout = 10 * time.Second

// Token is what apitoken says of a live one.
type Token struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Owner  string   `json:"owner"`
	Scopes []string `json:"scopes"`
}

type tokenKey struct{}

// TokenOf returns the token of a request that came through MayPass.
func TokenOf(r *http.Request) Token { return r.Context().Value(tokenKey{}).(Token) }

var client = &http.Client{
	Timeout: timeout,
	// Without the proxy that the environment names: it would see the credential.
	Transport: &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: 4 * time.Second},
	// A redirect would carry the credential somewhere else.
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// MayPass asks apitoken about each request, and remembers nothing: a revocation counts on the next one. An empty scope demands none.
func MayPass(scope string, next http.Handler) http.Handler {
	target := verifyURL
	if scope != "" {
		target += "?scope=" + url.QueryEscape(scope)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := ask(target, r)
		if err != nil {
			refuseUnknown(w)
			return
		}
		defer answer.Body.Close()
		io.Copy(io.Discard, answer.Body)
		said := answer.Header
		switch answer.StatusCode {
		case 200:
			name, err := url.PathUnescape(said.Get("X-Token-Name"))
			if err != nil || said.Get("X-Token-Id") == "" {
				refuseUnknown(w)
				return
			}
			scopes := strings.Fields(said.Get("X-Token-Scopes"))
			token := Token{said.Get("X-Token-Id"), name, said.Get("X-Token-Owner"), scopes}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tokenKey{}, token)))
		case 400, 401, 403, 429, 431:
			for _, name := range []string{"WWW-Authenticate", "Retry-After"} {
				if said.Get(name) != "" {
					w.Header().Set(name, said.Get(name))
				}
			}
			w.WriteHeader(answer.StatusCode)
		default:
			refuseUnknown(w)
		}
	})
}

func ask(target string, r *http.Request) (*http.Response, error) {
	question, err := http.NewRequestWithContext(r.Context(), http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"Authorization", "X-API-Key", "Token"} {
		for _, value := range r.Header.Values(name) {
			question.Header.Add(name, value)
		}
	}
	if address, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		question.Header.Set("X-Forwarded-For", address)
	}
	return client.Do(question)
}

func refuseUnknown(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	w.WriteHeader(http.StatusServiceUnavailable)
}
