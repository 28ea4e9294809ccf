// An API on net/http. A live token for everything, one with the scope `deploy` for /deploy.
package main

import (
	"encoding/json"
	"log"
	"net/http"
)

func main() {
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(TokenOf(r))
	})
	http.Handle("/deploy", MayPass("deploy", answer))
	http.Handle("/", MayPass("", answer))
	log.Fatal(http.ListenAndServe("127.0.0.1:3000", nil))
}
